"""The backend of a run is chosen as training begins, and stays the same when it is resumed."""

from pathlib import Path

import pytest
from lightning import Trainer

from tests.training.test_module import SMALL, Batches, C, T
from timegan.training.checkpoint_files import AtomicCheckpointIO, read_checkpoint
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


def train(backend: str, folder: Path, resume: Path | None = None) -> TimeGAN:
    """Train an epoch or another one, and save ``last.ckpt``."""
    model = TimeGAN(C, T, Schedule(2, 0, 0), backend=backend, **SMALL)
    trainer = Trainer(
        max_epochs=1 if resume is None else 2,
        plugins=[AtomicCheckpointIO()],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, Batches(), ckpt_path=resume)
    trainer.save_checkpoint(folder / "last.ckpt", weights_only=False)
    return model


@pytest.mark.parametrize(("chosen", "used"), [("auto", "torch"), ("fused", "fused")])
def test_a_resumed_run_keeps_its_backend_unless_another_one_is_chosen(
    chosen: str, used: str, tmp_path: Path
) -> None:
    train("torch", tmp_path)
    assert read_checkpoint(tmp_path / "last.ckpt")["backend"] == "torch"
    assert train(chosen, tmp_path, resume=tmp_path / "last.ckpt").resolved_backend == used


def test_auto_compiles_kernels_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []

    def resolve(backend: str, *, build: bool = False) -> str:
        asked.append((backend, build))
        return "fused"

    monkeypatch.setattr("timegan.training.backend_setup.resolve_backend", resolve)
    assert train("auto", tmp_path).resolved_backend == "fused"
    assert asked == [("auto", True)]
