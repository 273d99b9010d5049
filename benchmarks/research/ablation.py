"""Ablation: the default preset without each of its parts, as docs/explanation/ablation.md.

    python benchmarks/research/ablation.py stock --seeds 0 1 2    train what log.jsonl lacks
    python benchmarks/research/ablation.py --gather               write the table, train nothing

Runs are those of seed_screen.py with five classifiers each, noted "ablation" in log.jsonl. No run
is selected by its scores. Energy trains for 2,000 joint iterations instead of 6,000 to save time.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOTE = "ablation"
FINE = {
    "no whitening of the critics' inputs": ("model.whitening=0",),
    "no whitening, and latent noise of 0.05": ("model.whitening=0", "model.latent_noise=0.05"),
}
"""Parts of the recipe for nearly collinear columns, which energy does not have."""
PARTS: dict[str, tuple[str, ...]] = {
    "default": (),
    "no normalization per step": ("model.per_step_normalization=false",),
    **FINE,
    "no increments in the critics' inputs": ("model.increments=false",),
    "no energy distance": ("model.energy_weight=0",),
    "moments instead of the energy distance": ("model.energy_weight=0", "model.moment_weight=1"),
    "no convolutional critic": ("model.critics=dense",),
    "no dense critic": ("model.critics=conv",),
    "cross-entropy instead of relativistic pairs": ("model.adversarial=bce",),
    "no gradient penalty": ("model.penalty_weight=0",),
    "gradient penalty in every update": ("model.penalty_interval=1",),
    "no weight averaging": ("model.ema_decay=0",),
    "64 hidden units": ("model.hidden=64",),
    "recurrent networks as in the paper, except the critics": (
        *("model.autoencoder=recurrent", "model.generator=recurrent"),
        *("model.supervisor=recurrent", "dataset.scaling=minmax"),
    ),
    "no column types": ("dataset.infer_types=false",),
}
"""Name of a changed part -> overrides of train.py."""
SHORT = {"energy": ("model.schedule.joint=40",)}
"""Overrides of all runs on a table."""
ABOUT = """\
# Ablation

Each row trains the default preset with one part removed or replaced. Scores are mean ± standard
deviation over training seeds; 0 is best.

- *Discriminative*: the published classifier, five per training.
- *24 units*: the same classifier with 24 hidden units, two per training.

The scores use training windows and few classifiers. They show which parts matter;
[results.md](results.md) has the scores to report. `python benchmarks/research/ablation.py` trains
the runs and writes this page.
"""


def main() -> None:
    """Parse the arguments, train and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", help="stock, energy; default: both")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--gather", action="store_true", help="train nothing")
    given = parser.parse_args()
    tables = given.data or ["stock", "energy"]
    for seed in () if given.gather else given.seeds:
        for data in tables:
            for part in given.parts:
                if data != "energy" or part not in FINE:
                    run(data, part, seed)
    (ROOT / "docs/explanation/ablation.md").write_text(markdown(lines()), encoding="utf-8")


def lines() -> list[dict[str, Any]]:
    """Return the log's lines of this table."""
    log = HERE / "log.jsonl"
    found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [line for line in found if line["note"] == NOTE]


def overrides(data: str, part: str) -> list[str]:
    """Return the overrides of train.py without the seed."""
    return [*SHORT.get(data, ()), *PARTS[part]]


def run(data: str, part: str, seed: int) -> None:
    """Train and score without one part, unless the log has the run."""
    wanted = (data, seed, overrides(data, part))
    if any((one["data"], one["seed"], one["overrides"]) == wanted for one in lines()):
        return
    screen = [sys.executable, str(HERE / "seed_screen.py"), data, "--seeds", str(seed)]
    how = ["--classifiers", "5", "--note", NOTE]
    subprocess.run([*screen, *how, *overrides(data, part)], check=True)


def markdown(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return the page with a table per dataset."""
    parts = [ABOUT]
    for data in dict.fromkeys(line["data"] for line in lines):
        here = [line for line in lines if line["data"] == data]
        how = f" ({', '.join(f'`{told}`' for told in SHORT[data])})" if data in SHORT else ""
        parts.append(f"\n## {data}{how}\n")
        parts.append("| change | seeds | discriminative | 24 units | CPU s |")
        parts.append("| :-- | --: | --: | --: | --: |")
        for part in PARTS:
            runs = [line for line in here if line["overrides"] == overrides(data, part)]
            if runs:
                parts.append(_row(part, runs))
    parts.append("\nCPU seconds were measured with two runs at a time on two cores.\n")
    return "\n".join(parts)


def _row(part: str, runs: Sequence[Mapping[str, Any]]) -> str:
    told = " ".join(PARTS[part])
    name = f"{part} (`{told}`)" if told else f"**{part}**"
    scores = [
        _mean([float(np.mean(run[score])) for run in runs])
        for score in ("discriminative", "stronger")
    ]
    seconds = f"{np.mean([run['cpu_seconds'] for run in runs]):,.0f}"
    return f"| {' | '.join([name, str(len(runs)), *scores, seconds])} |"


def _mean(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


if __name__ == "__main__":
    main()
