"""The command `python export.py`: write a trained model in a format for others."""

import json
from pathlib import Path
from typing import Any

import torch

from timegan.cli.console import print_lines
from timegan.cli.invocation import Invocation
from timegan.cli.schema import ExportConfig
from timegan.metrics.score import read_scores
from timegan.serialization.model_card import CARD_FILE, write_card
from timegan.serialization.model_folder import (
    DESCRIPTION_FILE,
    WEIGHTS_FILE,
    export_model,
    read_description,
)
from timegan.serialization.overwrite_checks import check_export_folder
from timegan.serialization.programs import check_onnx, write_onnx, write_program
from timegan.serialization.runs import read_run

PROGRAM_WRITERS = {"safetensors": None, "onnx": write_onnx, "torch": write_program}
"""Format -> function that writes the program beside weights and description."""


def run(config: ExportConfig, invocation: Invocation) -> None:
    """Write weights, description and card, and the program that was asked for."""
    check_export_folder(config.out, overwrite=config.overwrite, key="out")
    if config.format == "onnx":
        check_onnx()  # or the folder would be left without the program
    torch.set_num_threads(1)
    source, folder = read_run(config.run), Path(config.out)
    export_model(
        source.model,
        source.transform,
        folder,
        fingerprint=source.fingerprint,
        config=source.config,
        options=source.options,
        unfinished=source.unfinished,
        overwrite=config.overwrite,
    )
    files = [WEIGHTS_FILE, DESCRIPTION_FILE, CARD_FILE]
    write = PROGRAM_WRITERS[config.format]
    if write is not None:
        files.append(write(source.model.net, folder).name)
    # The card that `export` has written does not have the scores and the program.
    write_card(folder, read_description(folder), measured(Path(config.run)), overwrite=True)
    print_lines(f"{', '.join(files)} in {folder}")


def measured(run: Path) -> dict[str, Any] | None:
    """Return the metrics of a run folder or its model; None where there are none."""
    folder = run.parent if run.name == "model" else run
    try:
        content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("scores"), dict):
        return None
    return content | {"scores": read_scores(content["scores"])}
