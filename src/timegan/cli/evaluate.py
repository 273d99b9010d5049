"""The command `python evaluate.py`: measure a run, or any two tables, and report."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from timegan.attempts import collecting
from timegan.cli.artifacts import Comparison, end, measured
from timegan.cli.console import print_lines, print_verdicts, short_path, silence_lightning
from timegan.cli.folder import begin_evaluation, renew
from timegan.cli.invocation import Invocation
from timegan.cli.schema import EvaluateConfig, read_dataset, selects_on_holdout
from timegan.cli.signature_schema import to_container
from timegan.data.datamodule import WindowDataModule
from timegan.data.second_table import SecondTable, read_second_table
from timegan.errors import InputError
from timegan.evaluation import EvaluationData, default_count
from timegan.metrics.parallel import working
from timegan.nn.networks import HasNetworks
from timegan.sampling.sequences import generate
from timegan.serialization.run_folder import find_run_folder
from timegan.serialization.runs import open_run
from timegan.tables import Sequences
from timegan.transforms.table_transform import TableTransform


def run(config: EvaluateConfig, invocation: Invocation) -> None:
    """Measure and report."""
    silence_lightning()
    torch.set_num_threads(config.threads)
    folder = begin_evaluation(invocation.cfg, overwrite=config.overwrite)
    made: Sequences | SecondTable
    source: tuple[HasNetworks, TableTransform] | None = None
    with working("Reading the tables" if config.run is None else "Sampling"):
        if config.run is None:
            data, made = _tables(config)
        else:
            source = open_run(config.run)
            data, made = _sampled(config, config.run, *source)
    unseen = None
    if config.holdout is not None:
        unseen = read_second_table(data, config.holdout, "holdout")

    def compare() -> Comparison:
        seed = config.evaluation.get("seed", config.seed)
        sets = EvaluationData.of(data, made, seed, unseen)
        if source is not None:
            sets = sets.with_completions(*source, data, seed)
        if config.holdout is not None:
            sets.summary["split"] = f"held out: {config.holdout}"
        return Comparison(sets, config.evaluation)

    with collecting() as failures:
        metrics = measured(
            folder,
            compare,
            config.evaluation,
            invocation,
            {},
            failures,
            lambda: renew(folder, invocation.cfg),
        )
    print_verdicts(metrics)
    if (folder / "report.html").is_file():
        print_lines("", f"Report    {short_path(folder / 'report.html')}")
    end(metrics, failures)


def _tables(config: EvaluateConfig) -> tuple[WindowDataModule, SecondTable]:
    """Return the real table as data, and all rows of the synthetic one."""
    options = config.dataset | {"path": config.real, "name": str(config.real)}
    if config.holdout is not None:
        options["holdout"] = 0.0  # what is held out comes as a table of its own
    # A synthetic table in which a constant column changes is measured, not refused.
    options["context_columns"] = options.get("context_columns") or []
    data = WindowDataModule(**options)
    data.setup()
    return data, read_second_table(data, str(config.synthetic), "synthetic")


def _sampled(
    config: EvaluateConfig, run: str, model: HasNetworks, transform: TableTransform
) -> tuple[WindowDataModule, Sequences]:
    """Return the data that a run was trained on, and new samples of its model."""
    data = WindowDataModule(**_trained_on(config, Path(run), model))
    data.prepare_data()
    data.setup()
    if data.features != transform.features or data.window != model.net.window:
        raise InputError(
            f"run={run}: the model makes windows of {model.net.window} steps of "
            f"{', '.join(transform.features)}, and the data are windows of {data.window} steps of "
            f"{', '.join(data.features)}. Set dataset.* to the data that it was trained on."
        )
    count = config.samples or default_count(data, config.evaluation)
    made = generate(model, transform, count, seed=config.seed)
    if transform.reversed != data.transform.reversed:
        made = replace(made, values=made.values[:, ::-1])
    return data, made


def _trained_on(config: EvaluateConfig, run: Path, model: HasNetworks) -> dict[str, Any]:
    """Return the group ``dataset`` of the run, with the changes of the command line."""
    folder = find_run_folder(run)
    if folder is None:
        # An exported model does not tell its split: None is that of a training with completion.
        selection = {"select_on_holdout": False if model.net.completer is None else None}
        return config.dataset | selection
    content = OmegaConf.load(folder / ".hydra" / "config.yaml")
    stored = OmegaConf.select(content, "dataset")
    groups = (OmegaConf.select(content, key) or {} for key in ("callbacks", "model"))
    selection = {"select_on_holdout": selects_on_holdout(*groups)}
    given = [o.lstrip("+").partition("=")[0] for o in HydraConfig.get().overrides.task]
    if "dataset" in given:
        return config.dataset | selection
    chosen = [key.removeprefix("dataset.") for key in given if key.startswith("dataset.")]
    options = read_dataset(to_container(stored) | {key: config.dataset[key] for key in chosen})
    return options | selection
