"""A module with three phases that trains in milliseconds, and data to go with it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn

from timegan.seeds import generator
from timegan.training.checkpoint_files import AtomicCheckpointIO
from timegan.training.schedule import Phase, Schedule


class Tiny(LightningModule):
    """Two networks, two Adams, one of them used in the joint phase alone; noise by position."""

    def __init__(self, autoencoder: int = 2, supervised: int = 1, joint: int = 2) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.schedule = Schedule(autoencoder, supervised, joint)
        self.automatic_optimization = False
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.batches_per_step = 1
        self.latest_losses: dict[str, Tensor] = {}

    @property
    def phase(self) -> Phase:
        return self.schedule.phase(self.current_epoch)

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        joint = self.phase is Phase.JOINT
        noise = torch.randn(batch.shape, generator=generator(0, self.current_epoch, batch_idx))
        for index, network in enumerate((self.first, self.second)[: 1 + joint]):
            optimizer = self.optimizers()[index]  # type: ignore[index]
            loss = (network(batch + noise) - batch).square().mean()
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        names = {
            Phase.AUTOENCODER: ["reconstruction"],
            Phase.SUPERVISED: ["supervised"],
            Phase.JOINT: ["generator", "discriminator"],
        }
        for name in names[self.phase]:
            self.latest_losses[f"{self.phase}/{name}"] = loss.detach()
            self.log(f"{self.phase}/{name}", loss)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return [torch.optim.Adam(n.parameters(), lr=0.1) for n in (self.first, self.second)]


class Batches:
    """``count`` batches an epoch, functions of epoch and position; remembers where it is."""

    def __init__(self, count: int) -> None:
        self.count, self.epoch, self.position, self.resumed = count, 0, 0, False
        self.sampler = self
        self.seen: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return self.count

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[Tensor]:
        if not self.resumed:
            self.position = 0
        self.resumed = False
        while self.position < self.count:
            self.position += 1
            self.seen.append((self.epoch, self.position - 1))
            yield torch.randn(4, 3, generator=generator(1, self.epoch, self.position))

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch, self.position, self.resumed = state["epoch"], state["position"], True


class Data(LightningDataModule):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.batches = Batches(count)

    def train_dataloader(self) -> Batches:
        return self.batches


class Run:
    """Files and state of a training run."""

    def __init__(self, folder: Path, callbacks: list[Callback], count: int, **options: Any) -> None:
        torch.manual_seed(0)
        self.model, self.data = Tiny(), Data(count)
        usual = {
            "max_epochs": self.model.schedule.total,
            "logger": False,
            "log_every_n_steps": 1,
            "enable_progress_bar": False,
        }
        self.trainer = Trainer(
            default_root_dir=folder,
            callbacks=callbacks,
            plugins=[AtomicCheckpointIO()],
            accelerator="cpu",
            devices=1,
            enable_model_summary=False,
            **(usual | options),
        )

    def fit(self, resume: Path | None = None) -> "Run":
        self.trainer.fit(self.model, datamodule=self.data, ckpt_path=resume)
        return self


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """Return ``run(callback, ..., count=4, **trainer_options)``, which builds a run to fit."""

    def build(*callbacks: Callback, count: int = 4, **options: Any) -> Run:
        return Run(tmp_path, list(callbacks), count, **options)

    return build
