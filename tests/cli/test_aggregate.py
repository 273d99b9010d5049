"""The runs of a sweep as one table: means over seeds, baselines, published rows, in two forms."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from timegan.cli.aggregate import find, main, read
from timegan.errors import InputError
from timegan.report.seeds.literature import PUBLISHED
from timegan.report.seeds.runs import gather
from timegan.report.seeds.tables import as_csv, markdown


def score(mean: float | None, baseline: float = 0.01, better: str = "lower") -> dict[str, Any]:
    if mean is None:
        return {"mean": None, "reason": "Too few windows.", "better": better}
    return {"mean": mean, "std": 0.1, "baseline": {"mean": baseline, "std": 0.0}, "better": better}


def leave(folder: Path, seed: int, mean: float | None, hidden: int = 24, **more: Any) -> Path:
    """Write the files of a run folder that the table reads."""
    (folder / ".hydra").mkdir(parents=True)
    config = f"seed: {seed}\nmodel:\n  hidden: {hidden}\ntrainer:\n  devices: {seed + 1}\n"
    (folder / ".hydra" / "config.yaml").write_text(config + more.pop("config", ""))
    metrics = {
        "scores": {"density": score(0.9, 0.99, "higher"), "discriminative": score(mean)},
        "data": {"name": "stock", "window": 24, "preprocessing": "reference"},
        "protocol": {"evaluation": "quick", "seed": seed},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics | more))
    os.utime(folder / "metrics.json", (1e9 + seed, 1e9 + seed))
    return folder


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Write runs of two settings with three seeds each."""
    for hidden in (12, 24):
        for seed, mean in enumerate((0.1, 0.2, 0.3)):
            leave(tmp_path / f"hidden={hidden},seed={seed}", seed, mean + hidden / 100, hidden)
    return tmp_path


def test_runs_that_differ_in_their_seed_are_one_row(sweep: Path) -> None:
    (section,) = gather([read(folder) for folder in find([sweep])])
    assert [group.name for group in section.groups] == ["model.hidden=12", "model.hidden=24"]
    assert [group.seeds for group in section.groups] == [[0, 1, 2]] * 2
    assert section.scores == ["discriminative", "density"]
    assert "3 training seeds only" in section.notes[0]


def test_means_and_deviations_are_over_training_seeds(sweep: Path) -> None:
    text = markdown(gather([read(folder) for folder in find([sweep])]))
    assert "| **model.hidden=12** (3 seeds) | 0.320 ± 0.100 (0.420) | 0.900 ± 0.000 |" in text
    assert "| *baseline: real against real* | 0.0100 |" in text
    assert "Discriminative score ↓ | Density overlap ↑ |" in text


def test_published_rows_stand_beside_with_their_sources(sweep: Path) -> None:
    text = markdown(gather([read(folder) for folder in find([sweep])]))
    assert "| TimeGAN, as printed [1] | 0.102 ± 0.021 |  |" in text
    assert "| TimeGAN, as others could reproduce it [2] | 0.126 to 0.2 |  |" in text
    assert "1. Yoon et al., NeurIPS 2019" in text
    assert all(row.source for row in PUBLISHED)


def test_published_scores_do_not_stand_beside_those_of_another_protocol(tmp_path: Path) -> None:
    for evaluation in ("strict", "published_strong"):
        leave(tmp_path / evaluation, 0, 0.005, protocol={"evaluation": evaluation, "seed": 0})
    text = markdown(gather([read(folder) for folder in find([tmp_path])]))
    assert "as printed" not in text
    assert "| **timegan-lightning** (1 seed) | 0.00500 ▾ |" in text  # better than its baseline


def test_a_table_says_whether_a_part_was_held_out(tmp_path: Path) -> None:
    about = {"name": "stock", "window": 24}
    leave(
        tmp_path / "all", 0, 0.1, data=about | {"preprocessing": "reference", "holdout_windows": 0}
    )
    leave(
        tmp_path / "part", 0, 0.1, data=about | {"preprocessing": "default", "holdout_windows": 9}
    )
    titles = [section.title for section in gather([read(f) for f in find([tmp_path])])]
    assert [title.endswith("a part held out") for title in titles] == [True, False]


def test_a_strict_table_says_whether_a_test_for_copies_warns(tmp_path: Path) -> None:
    strict = {"evaluation": "strict", "seed": 0}
    leave(tmp_path / "quick", 0, 0.1, copying={"warning": True})
    leave(tmp_path / "a", 0, 0.1, protocol=strict, copying={"warning": False})

    def table() -> str:
        return markdown(gather([read(folder) for folder in find([tmp_path])]))

    assert "No test for copies warns." in table()
    leave(tmp_path / "b", 1, 0.1, protocol=strict, copying={"warning": True})
    (warned,) = (line for line in table().splitlines() if "test for copies warns" in line)
    assert warned.startswith("A test")
    assert warned.endswith("b.")


def test_the_csv_has_every_row_and_every_run(sweep: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(gather([read(f) for f in find([sweep])])))))
    ours = [r for r in rows if r["kind"] == "runs" and r["score"] == "discriminative"]
    assert [float(r["mean"]) for r in ours] == pytest.approx([0.32, 0.44])
    assert float(ours[0]["deviation"]) == pytest.approx(np.std([0.1, 0.2, 0.3], ddof=1))
    runs = [r for r in rows if r["kind"] == "run" and r["score"] == "discriminative"]
    assert [r["seeds"] for r in runs] == ["0", "1", "2"] * 2
    others = {r["row"] for r in rows if r["kind"] == "published"}
    assert {"TimeGAN, as printed", "SDformer", "FlowTS"} <= others


def test_the_command_leaves_two_forms_and_says_the_table(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(sweep), "--out", str(sweep / "table")])
    assert "model.hidden=12" in capsys.readouterr().out
    names = sorted(path.name for path in (sweep / "table").iterdir())
    assert names == ["results.csv", "results.md"]


def test_a_score_that_no_run_has_is_a_dash_with_its_reason(tmp_path: Path) -> None:
    leave(tmp_path / "a", 0, None)
    sections = gather([read(tmp_path / "a")])
    text = markdown(sections)
    assert "| **timegan-lightning** (1 seed) | – | 0.900 |" in text
    assert "Discriminative score: Too few windows." in text
    assert "nan" not in as_csv(sections).lower()


def test_tables_are_in_the_order_of_data_and_windows(tmp_path: Path) -> None:
    for number, (name, window) in enumerate([("stock", 64), ("energy", 24), ("stock", 24)]):
        leave(tmp_path / str(number), number, 0.1, data={"name": name, "window": window})
    sections = gather([read(folder) for folder in find([tmp_path])])
    found = [(section.dataset, section.window) for section in sections]
    assert found == [("energy", 24), ("stock", 24), ("stock", 64)]


def test_other_data_are_another_table(tmp_path: Path) -> None:
    leave(tmp_path / "a", 0, 0.1)
    leave(tmp_path / "b", 1, 0.1, data={"name": "energy", "window": 128})
    sections = gather([read(folder) for folder in find([tmp_path])])
    assert [section.dataset for section in sections] == ["energy", "stock"]
    assert "0.143" in markdown(sections)


def test_of_a_run_made_twice_the_last_counts(tmp_path: Path) -> None:
    leave(tmp_path / "old", 0, 0.1)
    new = leave(tmp_path / "new", 0, 0.3)
    os.utime(new / "metrics.json", (2e9, 2e9))
    (section,) = gather([read(folder) for folder in find([tmp_path])])
    assert section.groups[0].values("discriminative") == [0.3]
    assert "old is left out" in section.notes[0]


def test_an_evaluation_counts_for_the_training_that_it_looked_at(tmp_path: Path) -> None:
    leave(tmp_path / "runs" / "a", 7, 0.1)
    config = f"run: {tmp_path / 'runs' / 'a'}\n"
    again = leave(tmp_path / "again", 0, 0.2, config=config)
    run = read(again)
    assert run.seed == 7
    assert run.settings == read(tmp_path / "runs" / "a").settings


def test_an_evaluation_within_its_run_may_move_with_it(tmp_path: Path) -> None:
    leave(tmp_path / "cluster" / "a", 7, 0.1)
    config = f"run: {tmp_path / 'cluster' / 'a'}\n"
    leave(tmp_path / "cluster" / "a" / "published_strong", 0, 0.2, config=config)
    (tmp_path / "cluster").rename(tmp_path / "here")
    run = read(tmp_path / "here" / "a" / "published_strong")
    assert run.seed == 7
    assert run.settings == read(tmp_path / "here" / "a").settings


def test_a_default_from_the_data_and_the_same_value_given_are_one_experiment(
    tmp_path: Path,
) -> None:
    resolved = {
        "given": (
            "latent_noise: 0.05",
            {"latent_noise": 0.05, "whitening": 0.0, "smallest_component_std": 0.1},
        ),
        "default": (
            "latent_noise: null",
            {"latent_noise": 0.05, "whitening": 0.0, "smallest_component_std": 0.1},
        ),
        "other": (
            "latent_noise: null",
            {"latent_noise": 0.01, "whitening": 0.3, "smallest_component_std": 0.02},
        ),
    }
    for seed, (name, (given, arguments)) in enumerate(resolved.items()):
        folder = leave(tmp_path / name, seed, 0.1)
        (folder / ".hydra" / "config.yaml").write_text(f"seed: {seed}\nmodel:\n  {given}\n")
        (folder / "model").mkdir()
        content = json.dumps({"hyper_parameters": arguments})
        (folder / "model" / "model.json").write_text(content)
    (section,) = gather([read(folder) for folder in find([tmp_path])])
    assert [group.seeds for group in section.groups] == [[0, 1], [2]]
    (tmp_path / "default" / "model" / "model.json").write_text("{}")
    with pytest.raises(InputError, match="does not say how the model was made"):
        read(tmp_path / "default")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no run with scores"), ("{", "not a readable"), ("[]", "has no scores")],
)
def test_bad_input_ends_with_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(SystemExit) as end:
        main([str(tmp_path)])
    assert end.value.code == 2
    assert words in capsys.readouterr().err
    with pytest.raises(InputError, match="no such folder"):
        find([tmp_path / "nowhere"])
