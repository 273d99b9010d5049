"""The five networks together, in plain torch: what is trained, saved and sampled from."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

import torch
from torch import Tensor, nn

from timegan.errors import InputError, choose
from timegan.nn.batch import Conditions
from timegan.nn.discriminators import Discriminator
from timegan.nn.generators import PathGenerator, RecurrentGenerator
from timegan.nn.layers import Recurrent, Residual, ResidualSupervisor
from timegan.nn.length_coding import lengths_of, mask_of
from timegan.nn.masking import masked_variance, variance

FORMS = ("residual", "recurrent")

Array = TypeVar("Array")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Synthetic(Generic[Array]):
    """Sequences that a model made, in channels, as tensors or as arrays.

    Attributes:
        x: windows (B, T, C), zero behind the end of a sequence.
        lengths: steps of each sequence (B,); None: all have T.
        context: context channels (B, S), made or as they were given; None: the model has none.
        exogenous: labels per step (B, T, U), likewise.
    """

    x: Array
    lengths: Array | None = None
    context: Array | None = None
    exogenous: Array | None = None

    def map(self, function: Callable[[Array], Other]) -> "Synthetic[Other]":
        """A function of everything that is there."""
        others = (self.lengths, self.context, self.exogenous)
        return Synthetic(function(self.x), *(None if o is None else function(o) for o in others))


class Networks(nn.Module):
    """Embedder, recovery, generator, supervisor and discriminator, chosen by name.

    The arguments are those of :class:`timegan.training.module.TimeGAN` that shape a network.

    Raises:
        InputError: a choice that does not exist; ``variable_length`` without a context channel.
    """

    edges: Tensor

    sigma: Tensor
    roughness: Tensor
    batches_seen: Tensor

    def __init__(
        self,
        features: int,
        window: int,
        *,
        context: int = 0,
        exogenous: int = 0,
        variable_length: bool = False,
        cell: str,
        hidden: int,
        layers: int,
        noise: int,
        static_noise: int,
        noise_distribution: str,
        latent: int,
        autoencoder: str,
        supervisor: str,
        generator: str,
        critics: str,
        increments: bool,
        per_step_normalization: bool,
        whitening: float,
        ema_decay: float,
    ) -> None:
        super().__init__()
        if variable_length and not context:
            raise InputError(
                "variable_length=True with context=0: the last context channel encodes lengths. "
                " Set context to 1 or more."
            )
        self.features, self.window, self.latent = features, window, latent
        self.context, self.exogenous, self.variable_length = context, exogenous, variable_length
        self.noise_width, self.static_width = noise, static_noise
        self.noise_distribution = choose(
            "model.noise_distribution", noise_distribution, ("normal", "uniform")
        )
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

        self.generator: PathGenerator | RecurrentGenerator
        given: dict[str, Any] = {"context": context, "exogenous": exogenous, **rnn}
        if choose("model.generator", generator, ("path", "recurrent")) == "path":
            self.generator = PathGenerator(noise, static_noise, latent, **given)
        else:
            self.generator = RecurrentGenerator(noise, static_noise, latent, **given)
        self.head_width = 0 if self.generator.head is None else self.generator.head.noise

        self.discriminator = Discriminator(
            latent,
            window,
            critics=critics,
            increments=increments,
            per_step_normalization=per_step_normalization,
            whitening=whitening,
            variable_length=variable_length,
            **given,
        )
        self.averages = nn.ModuleDict()
        if ema_decay > 0:
            for name in ("generator", "supervisor"):
                self.averages[name] = copy.deepcopy(getattr(self, name)).requires_grad_(False)

        self.register_buffer("sigma", torch.ones(latent + exogenous))
        self.register_buffer("roughness", torch.ones(latent + exogenous))
        self.register_buffer("batches_seen", torch.tensor(0.0))
        if variable_length:
            self.register_buffer("edges", torch.full((window,), -torch.inf))

    def noise(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Noise for ``count`` windows: z (B, T, Z) and static noise (B, G).

        Where there is a context, its own noise lies behind that of the sequence.
        """
        draw = torch.randn if self.noise_distribution == "normal" else torch.rand
        z = draw(count, self.window, self.noise_width, generator=random)
        return z, draw(count, self.static_width + self.head_width, generator=random)

    @property
    def squashes(self) -> bool:
        """Whether the recovery network can only return values from 0 to 1."""
        return bool(getattr(self.recovery, "squash", False))

    def set_edges(self, edges: Tensor) -> None:
        """Say which length code, the last context channel, reaches which step, (T,).

        Raises:
            InputError: the edges are not as many as the steps, or fall, or the first is not -inf.
        """
        rises = edges.shape == (self.window,) and bool((edges[1:] >= edges[:-1]).all())
        if not rises or edges[0] != -torch.inf:
            raise InputError(
                f"Edges {edges.tolist()}: give {self.window} of them that do not fall, from -inf "
                "on, for every sequence has a first step."
            )
        self.edges.copy_(edges)

    def mask(self, context: Tensor | None) -> Tensor | None:
        """The steps that sequences of this context (B, S) have, (B, T, 1); None: all."""
        return (
            mask_of(context[:, -1], self.edges)
            if self.variable_length and context is not None
            else None
        )

    @torch.no_grad()
    def follow(self, path: Tensor, mask: Tensor | None = None) -> None:
        """Follow the scale of real increments, and how rough the paths are, (B, T, H + U)."""
        path = path.to(self.sigma)  # half a precision is too little for differences
        self.discriminator.follow(path, mask)
        if path.shape[1] < 3:
            return
        sigma, _ = spread(path.diff(dim=1), None if mask is None else mask[:, 1:])
        curve, rows = spread(path.diff(n=2, dim=1), None if mask is None else mask[:, 2:])
        sigma = sigma.clamp_min(1e-4)
        enough = (rows >= 2).to(self.batches_seen)
        self.batches_seen += enough
        share = enough / self.batches_seen.clamp_min(1)
        self.sigma.lerp_(sigma, share)
        self.roughness.lerp_(curve / sigma, share)

    def calibrate(self) -> None:
        """Hand the measured scales to the networks that start from them."""
        if isinstance(self.generator, PathGenerator):
            self.generator.calibrate(self.sigma, self.roughness[: self.latent])
        self.discriminator.calibrate(self.sigma)
        for name, average in self.averages.items():
            average.load_state_dict(getattr(self, name).state_dict())

    @torch.no_grad()
    def average(self, share: float | Tensor) -> None:
        """Move the averaged weights towards the current ones by a share of the way."""
        for name, average in self.averages.items():
            there: list[Tensor] = list(average.parameters())
            now = list(getattr(self, name).parameters())
            if isinstance(share, Tensor):
                torch._foreach_lerp_(there, now, [share] * len(there))
            else:
                torch._foreach_lerp_(there, now, share)

    def generate(
        self,
        z: Tensor,
        z_static: Tensor,
        context: Tensor | None = None,
        exogenous: Tensor | None = None,
        *,
        averaged: bool = False,
    ) -> tuple[Tensor, Conditions]:
        """Latents e_hat (B, T, H) and what goes with them.

        Args:
            z: noise (B, T, Z).
            z_static: noise of a sequence (B, G).
            context: (B, S), with NaN in the rows whose context is to be made; None: all rows.
            exogenous: (B, T, U), likewise.
            averaged: by the averaged weights, where there are any.
        """
        live = not (averaged and self.averages)
        generator = cast(
            PathGenerator | RecurrentGenerator,
            self.generator if live else self.averages["generator"],
        )
        mask = None
        if generator.head is not None:
            own = self.head_width
            made = generator.head(z_static[:, -own:])
            context = made if context is None else made.where(context.isnan(), context)
            mask = self.mask(context)
            z_static = torch.cat([z_static[:, :-own], context], dim=-1)
        if not self.exogenous:
            return generator(z, z_static), Conditions(context, None, mask)
        if exogenous is None:
            exogenous = z.new_full((*z.shape[:2], self.exogenous), torch.nan)
        unknown = exogenous.isnan().any(-1, keepdim=True)
        labels = torch.cat([exogenous.where(~unknown, 0), (~unknown).to(z)], dim=-1)
        e_hat, made = generator(z, z_static, labels).tensor_split([self.latent], dim=-1)
        return e_hat, Conditions(context, made.where(unknown, exogenous), mask)

    @torch.no_grad()
    def contexts(self, z_static: Tensor) -> Tensor:
        """Context channels (B, S) out of static noise (B, G), by the averaged weights."""
        generator = cast(
            PathGenerator | RecurrentGenerator,
            self.averages["generator"] if self.averages else self.generator,
        )
        assert generator.head is not None
        made: Tensor = generator.head(z_static[:, -generator.head.noise :])
        return made

    @torch.no_grad()
    def synthesise(
        self,
        z: Tensor,
        z_static: Tensor,
        context: Tensor | None = None,
        exogenous: Tensor | None = None,
    ) -> Synthetic[Tensor]:
        """Noise to sequences, by the averaged weights; the arguments are :meth:`generate`'s."""
        supervisor = self.averages["supervisor"] if self.averages else self.supervisor
        e_hat, (context, exogenous, mask) = self.generate(
            z, z_static, context, exogenous, averaged=True
        )
        x_hat: Tensor = self.recovery(supervisor(e_hat))
        if mask is None or context is None:
            return Synthetic(x_hat, None, context, exogenous)
        exogenous = None if exogenous is None else exogenous.where(mask > 0, 0)
        lengths = lengths_of(context[:, -1], self.edges)
        return Synthetic(x_hat.where(mask > 0, 0), lengths, context, exogenous)


class HasNetworks(Protocol):
    """A model that holds its networks, as :class:`timegan.TimeGAN` does."""

    @property
    def net(self) -> Networks:
        """Return the networks."""
        ...


def spread(values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Deviation of each channel (C) over the steps of (B, T, C), and how many these are, ()."""
    rows = values.flatten(0, 1)
    if mask is None:
        return variance(rows).sqrt(), rows.new_full((), len(rows))
    there = mask.flatten(0, 1)
    return masked_variance(rows, there)[1].sqrt(), there.sum()
