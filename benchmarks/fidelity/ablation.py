"""What each part of the recipe brings: the default without it, over seeds, as docs/ablation.md.

    python benchmarks/fidelity/ablation.py stock --seeds 0 1 2    runs what log.jsonl lacks
    python benchmarks/fidelity/ablation.py --gather               no run, only the table

Runs are those of screen.py, five judges each, noted "ablation" in log.jsonl; none of them is chosen
by its scores. Energy gets 2,000 joint iterations instead of 6,000, for the time that it takes.
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
    "critics see levels that are not whitened": ("model.whitening=0",),
    "the same, and noise of .05 on latents": ("model.whitening=0", "model.latent_noise=0.05"),
}
"""Parts of the recipe for columns that are nearly one, which energy has not."""
PARTS: dict[str, tuple[str, ...]] = {
    "the default": (),
    "critics see all steps in one unit": ("model.per_step_normalization=false",),
    **FINE,
    "critics see no increments": ("model.increments=false",),
    "no energy distance": ("model.energy_weight=0",),
    "moments in place of the energy distance": ("model.energy_weight=0", "model.moment_weight=1"),
    "no convolutional critic": ("model.critics=dense",),
    "no dense critic": ("model.critics=conv",),
    "cross-entropy, not relativistic pairs": ("model.adversarial=bce",),
    "no gradient penalty": ("model.penalty_weight=0",),
    "gradient penalty in every update": ("model.penalty_interval=1",),
    "no averaged weights": ("model.ema_decay=0",),
    "64 units": ("model.hidden=64",),
    "the paper's recurrent networks, but for the critics": (
        *("model.autoencoder=recurrent", "model.generator=recurrent"),
        *("model.supervisor=recurrent", "dataset.scaling=minmax"),
    ),
    "kinds of columns not known": ("dataset.infer_types=false",),
}
"""A part that is missing -> what train.py is told for it."""
SHORT = {"energy": ("model.schedule.joint=40",)}
"""What all runs on a table are told."""
ABOUT = """\
# What each part of the recipe brings

The default preset without one of its parts, all else as it is. Discriminative score (five published
judges a training) and the same of a judge with 24 units (two judges), mean ± deviation over
training seeds; 0 is best. `python benchmarks/fidelity/ablation.py` runs and gathers it. Training
windows and few judges: to see what matters, not to report (that is [results.md](results.md)).
"""


def main() -> None:
    """The door."""
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
    (ROOT / "docs" / "ablation.md").write_text(markdown(lines()), encoding="utf-8")


def lines() -> list[dict[str, Any]]:
    """The log's lines of this table."""
    log = HERE / "log.jsonl"
    found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [line for line in found if line["note"] == NOTE]


def overrides(data: str, part: str) -> list[str]:
    """What train.py is told besides the seed."""
    return [*SHORT.get(data, ()), *PARTS[part]]


def run(data: str, part: str, seed: int) -> None:
    """Train and score one part's absence with one seed, unless the log has it."""
    wanted = (data, seed, overrides(data, part))
    if any((one["data"], one["seed"], one["overrides"]) == wanted for one in lines()):
        return
    screen = [sys.executable, str(HERE / "screen.py"), data, "--seeds", str(seed)]
    how = ["--judges", "5", "--note", NOTE]
    subprocess.run([*screen, *how, *overrides(data, part)], check=True)


def markdown(lines: Sequence[Mapping[str, Any]]) -> str:
    """The tables for people."""
    parts = [ABOUT]
    for data in dict.fromkeys(line["data"] for line in lines):
        here = [line for line in lines if line["data"] == data]
        how = f" ({', '.join(f'`{told}`' for told in SHORT[data])})" if data in SHORT else ""
        parts.append(f"\n## {data}{how}\n")
        parts.append("| | seeds | discriminative | judge of width 24 | CPU s |")
        parts.append("| :-- | --: | --: | --: | --: |")
        for part in PARTS:
            runs = [line for line in here if line["overrides"] == overrides(data, part)]
            if runs:
                parts.append(_row(part, runs))
    commits = ", ".join(sorted({str(line["commit"]) for line in lines}))
    parts.append(f"\nCommits: {commits}. CPU seconds beside another run on two cores.\n")
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
