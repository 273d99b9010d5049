"""The five networks together, in plain torch: what is trained, saved and sampled from."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from timegan.critics import Discriminator
from timegan.networks import (
    PathGenerator,
    Recurrent,
    RecurrentGenerator,
    Residual,
    ResidualSupervisor,
    choose,
)

FORMS = ("residual", "recurrent")


class Networks(nn.Module):
    """Embedder, recovery, generator, supervisor and discriminator, chosen by name.

    The arguments are those of :class:`timegan.module.TimeGAN` that shape a network.
    """

    sigma: Tensor
    roughness: Tensor
    batches_seen: Tensor

    def __init__(
        self,
        features: int,
        window: int,
        *,
        cell: str,
        hidden: int,
        layers: int,
        noise: int,
        static_noise: int,
        noise_kind: str,
        latent: int,
        autoencoder: str,
        supervisor: str,
        generator: str,
        critics: str,
        increments: bool,
        ema: float,
    ) -> None:
        super().__init__()
        self.features, self.window = features, window
        self.noise_width, self.static_width = noise, static_noise
        self.noise_kind = choose("model.noise_kind", noise_kind, ("normal", "uniform"))
        choose("model.cell", cell, ("gru", "lstm"))
        rnn: dict[str, Any] = {"hidden": hidden, "layers": layers, "cell": cell}
        fewer = {**rnn, "layers": max(1, layers - 1)}

        self.embedder: nn.Module
        self.recovery: nn.Module
        if choose("model.autoencoder", autoencoder, FORMS) == "residual":
            self.embedder = Residual(features, latent, width=2 * hidden, standardise=True)
            self.recovery = Residual(latent, features, width=2 * hidden, standardise=False)
        else:
            self.embedder = Recurrent(features, latent, **rnn)
            self.recovery = Recurrent(latent, features, **rnn)

        self.supervisor: nn.Module
        if choose("model.supervisor", supervisor, FORMS) == "residual":
            self.supervisor = ResidualSupervisor(latent, **{**fewer, "hidden": max(1, hidden // 2)})
        else:
            self.supervisor = Recurrent(latent, latent, **fewer)

        self.generator: nn.Module
        if choose("model.generator", generator, ("path", "recurrent")) == "path":
            self.generator = PathGenerator(noise, static_noise, latent, **rnn)
        else:
            self.generator = RecurrentGenerator(noise + static_noise, latent, **rnn)

        self.discriminator = Discriminator(
            latent, window, critics=critics, increments=increments, **rnn
        )
        self.averages = nn.ModuleDict()
        if ema > 0:
            for name in ("generator", "supervisor"):
                self.averages[name] = copy.deepcopy(getattr(self, name)).requires_grad_(False)

        self.register_buffer("sigma", torch.ones(latent))
        self.register_buffer("roughness", torch.ones(latent))
        self.register_buffer("batches_seen", torch.tensor(0.0))

    def noise(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Noise for ``count`` windows: z (B, T, Z) and static noise (B, G)."""
        draw = torch.randn if self.noise_kind == "normal" else torch.rand
        z = draw(count, self.window, self.noise_width, generator=random)
        return z, draw(count, self.static_width, generator=random)

    @property
    def squashes(self) -> bool:
        """Whether the recovery network can only return values from 0 to 1."""
        return bool(getattr(self.recovery, "squash", False))

    @torch.no_grad()
    def follow(self, h: Tensor) -> None:
        """Follow the scale of real latent increments, and how rough the paths are, (B, T, H)."""
        if h.shape[1] < 3:
            return
        first, second = h.diff(dim=1), h.diff(n=2, dim=1)
        sigma = first.flatten(0, 1).std(0).clamp_min(1e-4)
        roughness = second.flatten(0, 1).std(0) / sigma
        self.batches_seen += 1
        self.sigma.lerp_(sigma, 1 / float(self.batches_seen))
        self.roughness.lerp_(roughness, 1 / float(self.batches_seen))

    def calibrate(self) -> None:
        """Hand the measured scales to the networks that start from them."""
        if isinstance(self.generator, PathGenerator):
            self.generator.calibrate(self.sigma, self.roughness)
        self.discriminator.calibrate(self.sigma)
        for name, average in self.averages.items():
            average.load_state_dict(getattr(self, name).state_dict())

    @torch.no_grad()
    def average(self, decay: float) -> None:
        """Move the averaged weights towards the current ones."""
        for name, average in self.averages.items():
            now = list(getattr(self, name).parameters())
            torch._foreach_lerp_(list(average.parameters()), now, 1 - decay)

    @torch.no_grad()
    def synthesise(self, z: Tensor, z_static: Tensor) -> Tensor:
        """Noise (B, T, Z) and (B, G) to scaled windows (B, T, C), by the averaged weights."""
        generator = self.averages["generator"] if self.averages else self.generator
        supervisor = self.averages["supervisor"] if self.averages else self.supervisor
        x_hat: Tensor = self.recovery(supervisor(generator(z, z_static)))
        return x_hat
