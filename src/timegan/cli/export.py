"""`python export.py`: a trained model as files that can be given away."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from timegan.cli.app import launch
from timegan.cli.console import say
from timegan.cli.schema import read_keys
from timegan.errors import InputError, choose
from timegan.metrics.score import read_scores
from timegan.serialization.model_card import NAME, write_card
from timegan.serialization.model_folder import DESCRIPTION, WEIGHTS, describe, export
from timegan.serialization.places import check_export
from timegan.serialization.programs import check_onnx, write_onnx, write_program
from timegan.serialization.runs import read_run

PROGRAMS = {"safetensors": None, "onnx": write_onnx, "torch": write_program}
"""Format -> what writes the program beside weights and description."""


@dataclass(frozen=True)
class ExportConfig:
    """`conf/export.yaml`, checked."""

    run: str | None
    format: str
    out: str
    overwrite: bool

    def check(self) -> None:
        """Raises InputError where something cannot be."""
        if self.run is None:
            raise InputError(
                "run is not given: which model? Give run=RUN: a run folder "
                "(outputs/<date>/<time>), a .ckpt file, or an exported model folder."
            )
        choose("format", self.format, PROGRAMS)
        check_export(self.out, overwrite=self.overwrite, key="out")
        if self.format == "onnx":
            check_onnx()  # or the folder would be left without the program


def main() -> None:
    """The door: `python export.py`, `timegan-export`."""
    launch(export_run, "export")


def export_run(cfg: DictConfig) -> None:
    """Write weights, description and card, and the program that was asked for."""
    config = ExportConfig(**read_keys(cfg, ExportConfig))
    config.check()
    torch.set_num_threads(1)
    run, folder = read_run(str(config.run)), Path(config.out)
    export(
        run.model,
        run.transform,
        folder,
        fingerprint=run.fingerprint,
        config=run.config,
        options=run.options,
        overwrite=config.overwrite,
    )
    files = [WEIGHTS, DESCRIPTION, NAME]
    write = PROGRAMS[config.format]
    if write is not None:
        files.append(write(run.model.net, folder).name)
    # The card that `export` has written does not have the scores and the program.
    write_card(folder, describe(folder), measured(Path(str(config.run))), overwrite=True)
    say(f"{', '.join(files)} in {folder}")


def measured(run: Path) -> dict[str, Any] | None:
    """The content of the ``metrics.json`` of a run folder or its model; None: there is none."""
    folder = run.parent if run.name == "model" else run
    try:
        content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("scores"), dict):
        return None
    return content | {"scores": read_scores(content["scores"])}


if __name__ == "__main__":
    main()
