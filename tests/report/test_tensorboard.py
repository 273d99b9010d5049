"""The HPARAMS tab holds one entry a run, with its final scores."""

from pathlib import Path

from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

from timegan.metrics.score import Score
from timegan.report.tensorboard import add_layout, log_hparams


def test_settings_and_scores_stand_in_one_entry(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name="", version="", default_hp_metric=False)
    logger.log_hyperparams({"hidden": 24})  # as Lightning does when training starts
    scores = {
        "discriminative": Score(0.04, 0.01, better="lower"),
        "predictive": Score.unknown("too few windows"),
        "overlap": Score(0.9),
    }
    log_hparams([logger], {"model": {"hidden": 24, "cell": "gru"}, "seed": 1}, scores)
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


def test_settings_that_vary_are_marked_so_that_they_come_first(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name="", version="", default_hp_metric=False)
    logger.log_metrics({"loss": 1.0})
    logger.finalize("success")  # as Lightning does when training ends
    settings = {"a": None, "seed": 1, "model/hidden": 24}
    log_hparams([logger], settings, {"overlap": Score(0.9)}, ["model/hidden"])
    events = EventAccumulator(str(tmp_path)).Reload()
    content = events.SummaryMetadata("_hparams_/experiment").plugin_data.content
    experiment = plugin_data_pb2.HParamsPluginData.FromString(content).experiment
    marks = {info.name: info.differs for info in experiment.hparam_infos}
    assert marks == {"a": False, "seed": False, "model/hidden": True}


def test_other_loggers_get_settings_and_scores(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path, name="", version="")
    log_hparams([logger], {"seed": 1}, {"overlap": Score(0.9)})
    assert "score/overlap" in (tmp_path / "metrics.csv").read_text()
    assert "seed: 1" in (tmp_path / "hparams.yaml").read_text()
    log_hparams([], {"seed": 1}, {"overlap": Score(0.9)})


def test_distance_and_baseline_share_a_chart(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name="", version="")
    add_layout([logger, CSVLogger(tmp_path)])
    logger.save()
    events = EventAccumulator(str(tmp_path)).Reload()
    [tag] = [tag for tag in events.Tags()["tensors"] if "custom_scalars" in tag]
    layout = layout_pb2.Layout.FromString(events.Tensors(tag)[0].tensor_proto.string_val[0])
    [chart] = layout.category[0].chart
    assert list(chart.multiline.tag) == ["validation/distance", "validation/baseline"]
