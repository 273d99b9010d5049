"""The HPARAMS tab holds one entry a run, with its final scores."""

from pathlib import Path

from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from timegan.metrics.score import Score
from timegan.report.tensorboard import log_hparams


def test_settings_and_scores_stand_in_one_entry(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name="", version="", default_hp_metric=False)
    logger.log_hyperparams({"hidden": 24})  # as Lightning does when training starts
    scores = {
        "discriminative": Score(0.04, 0.01, better="lower"),
        "predictive": Score.unknown("too few windows"),
        "overlap": Score(0.9),
    }
    log_hparams(logger, {"model": {"hidden": 24, "cell": "gru"}, "seed": 1}, scores)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert {"score/discriminative", "score/overlap"} == set(events.Tags()["scalars"])
    assert round(events.Scalars("score/overlap")[0].value, 6) == 0.9
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    assert {k: v.number_value or v.string_value for k, v in start.hparams.items()} == {
        "model/hidden": 24,
        "model/cell": "gru",
        "seed": 1,
    }


def test_other_loggers_are_left_alone(tmp_path: Path) -> None:
    log_hparams(CSVLogger(tmp_path), {"seed": 1}, {"overlap": Score(0.9)})
    log_hparams(None, {"seed": 1}, {"overlap": Score(0.9)})
