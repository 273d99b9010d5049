"""Scores of a run are divided by those of real data."""

import json
from pathlib import Path

from benchmarks.time_to_floor import ratios


def test_ratios_of_a_run(tmp_path: Path) -> None:
    def score(mean: float, baseline: float) -> dict[str, object]:
        return {"mean": mean, "baseline": {"mean": baseline}}

    scores = {
        "discriminative": score(0.02, 0.01),
        "predictive": score(0.03, 0.03),
        "context_fid": score(0.5, 0.1),
    }
    monitor = {"last": {"distance": 0.3}, "baseline": 0.2}
    for name, found in (
        ("", {"scores": scores, "training": {"sample_monitor": monitor}}),
        ("published_strong", {"scores": {"discriminative": score(0.06, 0.02)}}),
    ):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "metrics.json").write_text(json.dumps(found))
    rounded = {name: round(ratio, 6) for name, ratio in ratios(tmp_path).items()}
    assert rounded == {
        "distance": 1.5,
        "classifier": 2.0,
        "24 units": 3.0,
        "predictive": 1.0,
        "Context-FID": 5.0,
    }
