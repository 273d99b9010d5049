"""Every Python block of README.md and docs/ runs; those marked ``py`` belong to other tools."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.metrics import metric
from timegan.metrics.protocols import run_protocol
from timegan.seeds import rng
from timegan.training import schedule

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.relative_to(ROOT).parts[1][0] != "_"),
]
WITH_CODE = [page for page in PAGES if "```python\n" in page.read_text(encoding="utf-8")]
FORMER = sorted((ROOT / "docs/how-to/coming-from").glob("[!i]*.md"))
QUICK = {"classifiers": 1, "classifier_steps": 2}
SIZES = {
    "quick": QUICK,
    "strict": QUICK | {"runs": 1},
    "published": QUICK | {"forecaster_steps": 2, "encoders": 1, "encoder_steps": 2},
}
"""Options that shorten the evaluations of the pages."""


def visits(seed: int) -> pd.DataFrame:
    """Return a table of 30 patients with five or six visits each."""
    random, owners = rng(seed, "visits"), np.repeat(np.arange(30), 6)
    return pd.DataFrame(
        {
            "patient": [f"p{owner:02d}" for owner in owners],
            "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.tile(np.arange(6), 30), "D"),
            "sex": np.array(["f", "m"])[owners % 2],
            "site": np.array(["north", "east"])[owners // 2 % 2],
            "age": 30 + owners,
            "pulse": (70 + random.normal(size=180)).round(1),
            "pressure": (120 + random.normal(size=180).cumsum()).round(),
        }
    ).drop(index=range(5, 180, 12))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with the pages' files, where trainings and scores are short."""
    names = ["Open", "High", "Low", "Close", "Adj_Close", "Volume"]
    stock = 100 + rng(0, "stock").normal(size=(120, 6)).cumsum(axis=0)
    pd.DataFrame(stock, columns=names).to_csv(tmp_path / "stock_data.csv", index=False)
    visits(0).to_csv(tmp_path / "visits.csv", index=False)
    visits(1).to_csv(tmp_path / "par.csv", index=False)
    for seed, name in enumerate(["my", "a", "b", "c"]):
        visits(seed).drop(columns=["day", "age"]).to_csv(tmp_path / f"{name}.csv", index=False)
    for part in range(1, 5):
        visits(part).to_parquet(tmp_path / f"part-{part}.parquet")
        np.savez(tmp_path / f"part-{part}.npz", windows=np.zeros((2, 6, 1)))
    columns = {"patient": "id", "day": "datetime", "sex": "categorical", "pulse": "numerical"}
    about = {"columns": {name: {"sdtype": kind} for name, kind in columns.items()}}
    keys = {"sequence_key": "patient", "sequence_index": "day"}
    (tmp_path / "metadata.json").write_text(json.dumps(about | keys))
    for name in ("samples/stock_norm_truth_24_train", "stocks/ddpm_fake_stocks"):
        (tmp_path / f"OUTPUT/{name}").parent.mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / f"OUTPUT/{name}.npy", rng(0, name).random((60, 24, 6)))
    for name in ("windows", "generated"):
        np.save(tmp_path / f"{name}.npy", rng(0, name).random((60, 24, 3)))

    def epochs(*_: Any) -> dict[str, int]:
        return dict.fromkeys(("autoencoder", "supervised", "joint"), 1)

    def short(*args: Any, **options: Any) -> Any:
        return run_protocol(*args, **(options | SIZES[options["protocol"]]))

    monkeypatch.setattr(schedule, "phase_epochs", epochs)
    monkeypatch.setattr("timegan.evaluation.run_protocol", short)
    metric.all_metrics()
    monkeypatch.setattr(metric, "_registered", metric._registered.copy())  # pages add to it
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run_in_order(page: Path, desk: Path) -> None:
    space: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(page), "exec"), space)


@pytest.mark.parametrize("page", FORMER, ids=lambda page: page.stem)
def test_a_page_says_which_version_it_is_about_and_what_we_do_not_do(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.search(r"\d\.\d|20\d\d", text)
    assert "](index.md)" in text
