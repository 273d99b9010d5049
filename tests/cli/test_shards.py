"""`python sample.py shard=i/n`: the parts are together what one machine would have made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Shell
from timegan import Synthesizer
from timegan.sampling import long_series
from timegan.sampling.shards import shard_range
from timegan.seeds import rng

SHARDS = 3

Files = list[Path]
TINY: dict[str, Any] = {
    "hidden": 4,
    "batch_size": 4,
    "steps_per_epoch": 1,
    "progress": False,
    "schedule": {"autoencoder": 1, "supervised": 1, "joint": 1},
}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of visits: keys, dates, context, exogenous columns, different lengths."""
    owners = np.repeat(np.arange(40), 3 + np.arange(40) % 4)
    random, n = rng(0, "visits"), len(owners)
    low = random.normal(80, 5, n).round(1)
    frame = pd.DataFrame(
        {
            "patient": pd.Series([f"p{i:03d}" for i in owners]),
            "day": pd.date_range("2024-01-01", periods=n, freq="D"),
            "low": low,
            "high": low + random.integers(0, 50, n),
            "site": np.array(["north", "east"])[owners % 2],
            "dose": random.integers(0, 2, n).astype(float),
        }
    )
    model = Synthesizer(
        **TINY,
        sequence_key="patient",
        sequence_index="day",
        context_columns=["site"],
        exogenous=["dose"],
        constraints="enforce",
        custom_constraints=["high >= low"],
    ).fit(frame)
    return model.save(tmp_path_factory.mktemp("panel") / "model")


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of one long series, in windows of 8 steps."""
    frame = pd.DataFrame({"x": np.arange(60.0) % 7, "y": np.sin(np.arange(60.0))})
    model = Synthesizer(8, **TINY).fit(frame)
    return model.save(tmp_path_factory.mktemp("series") / "model")


@pytest.fixture
def whole_and_shards(shell: Shell) -> Callable[[str, str], tuple[Path, Files]]:
    """Return the file of one machine, and the shards of three."""

    def run(line: str, ending: str) -> tuple[Path, Files]:
        files = [Path(f"{name}.{ending}") for name in ("whole", "part-1", "part-2", "part-3")]
        for i, file in enumerate(files):
            shard = f" shard={i}/{SHARDS}" if i else ""
            result = shell(f"sample {line} out={file}{shard} overwrite=true")
            assert result.status == 0, result.err
        return files[0], files[1:]

    return run


def joined_text(parts: Files) -> str:
    first, *others = [part.read_text(encoding="utf-8") for part in parts]
    return first + "".join(text.partition("\n")[2] for text in others)


def test_texts_of_all_shards_are_the_text_of_the_whole(
    whole_and_shards: Callable[[str, str], tuple[Path, Files]], panel: Path
) -> None:
    whole, parts = whole_and_shards(f"run={panel} count=600 seed=3", "csv")
    assert joined_text(parts) == whole.read_text(encoding="utf-8")
    assert [len(set(pd.read_csv(part)["patient"])) for part in parts] == [200] * 3


def test_long_series_and_given_contexts_are_shared_out(
    whole_and_shards: Callable[[str, str], tuple[Path, Files]],
    series: Path,
    panel: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(long_series, "POOL_SIZE", 256)
    whole, parts = whole_and_shards(f"run={series} count=4 steps=20", "csv")
    assert joined_text(parts) == whole.read_text(encoding="utf-8")
    assert [pd.read_csv(part)["sequence"].max() for part in parts] == [0, 1, 3]
    pd.DataFrame({"site": ["north", "east", "east", "north", "east"]}).to_csv("asked.csv")
    whole, parts = whole_and_shards(f"run={panel} context=asked.csv", "csv")
    assert joined_text(parts) == whole.read_text(encoding="utf-8")
    sites = pd.read_csv(parts[1]).groupby("patient")["site"].first()
    assert sites.tolist() == ["east", "east"]


def test_the_other_formats_of_all_shards_are_the_whole(
    whole_and_shards: Callable[[str, str], tuple[Path, Files]], series: Path, panel: Path
) -> None:
    whole, parts = whole_and_shards(f"run={panel} count=5", "parquet")
    frame = pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(frame, pd.read_parquet(whole))
    whole, parts = whole_and_shards(f"run={series} count=5", "npz")
    windows = [np.load(path)["windows"] for path in (whole, *parts)]
    np.testing.assert_array_equal(np.concatenate(windows[1:]), windows[0])


def test_every_sequence_is_in_one_shard_and_shards_differ_by_one_at_most() -> None:
    for total, n in ((1, 1), (7, 7), (1_000, 3), (10**9, 999)):
        shares = [shard_range(f"{i}/{n}", total) for i in range(1, n + 1)]
        assert [share.start for share in shares] == [0, *(share.stop for share in shares[:-1])]
        assert shares[-1].stop == total
        sizes = {len(share) for share in shares}
        assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("shard", ["0/4", "5/4", "x", "1", "1/0", "-1/4", "1/4/2", "1.0/4"])
def test_a_shard_that_cannot_be_is_refused_before_the_model_is_read(
    shell: Shell, shard: str
) -> None:
    result = shell(f"sample run=nope shard={shard}")
    assert result.status == 2
    assert result.err.startswith(f"Error: shard={shard} is not i/n with i from 1 to n")


def test_more_shards_than_sequences_are_refused(shell: Shell, panel: Path) -> None:
    result = shell(f"sample run={panel} count=3 shard=2/4")
    assert result.status == 2
    assert result.err.startswith("Error: shard=2/4: 4 shards need at least as many sequences")
    assert not Path("synthetic.csv").exists()
