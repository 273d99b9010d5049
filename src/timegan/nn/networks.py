"""The five networks in plain torch, which are trained, saved and sampled from."""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

import torch
from torch import Tensor, nn

from timegan.errors import InputError, choose
from timegan.nn.batch import Conditions
from timegan.nn.completion import Completer
from timegan.nn.discriminators import Discriminator
from timegan.nn.distributed import all_gather
from timegan.nn.generators import PathGenerator, RecurrentGenerator
from timegan.nn.layers import RecurrentNet, ResidualMLP, ResidualSupervisor
from timegan.nn.length_coding import decode_lengths, decode_mask
from timegan.nn.masking import masked_variance, variance

FORMS = ("residual", "recurrent")

Array = TypeVar("Array")
Other = TypeVar("Other")


@dataclass(frozen=True)
class GeneratedBatch(Generic[Array]):
    """Generated sequences in channels, as tensors or as arrays.

    Attributes:
        x: windows (B, T, C), zero behind the end of a sequence.
        lengths: steps of each sequence (B,); None: all have T.
        context: context channels (B, S), generated or given; None: the model has none.
        exogenous: exogenous channels (B, T, U), generated or given; None: the model has none.
    """

    x: Array
    lengths: Array | None = None
    context: Array | None = None
    exogenous: Array | None = None

    def map(self, function: Callable[[Array], Other]) -> "GeneratedBatch[Other]":
        """Apply a function to everything that is there."""
        others = (self.lengths, self.context, self.exogenous)
        mapped = (None if other is None else function(other) for other in others)
        return GeneratedBatch(function(self.x), *mapped)


class Networks(nn.Module):
    """Embedder, recovery, generator, supervisor and discriminator, chosen by name.

    The arguments are those of :class:`timegan.TimeGAN` that shape a network.

    Raises:
        InputError: a choice does not exist, or ``variable_length`` lacks a context channel.
    """

    length_thresholds: Tensor
    step_means: Tensor
    step_stds: Tensor
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
        completion: bool = False,
    ) -> None:
        super().__init__()
        if variable_length and not context:
            raise InputError(
                "variable_length=True with context=0: the last context channel encodes lengths. "
                "Set context to 1 or more."
            )
        self.features, self.window, self.latent = features, window, latent
        self.context, self.exogenous, self.variable_length = context, exogenous, variable_length
        self.noise_width, self.static_noise_width = noise, static_noise
        self.noise_distribution = choose(
            "model.noise_distribution", noise_distribution, ("normal", "uniform")
        )
        choose("model.cell", cell, ("gru", "lstm"))
        rnn: dict[str, Any] = {"hidden": hidden, "layers": layers, "cell": cell}
        fewer = {**rnn, "layers": max(1, layers - 1)}

        self.embedder: nn.Module
        self.recovery: nn.Module
        if choose("model.autoencoder", autoencoder, FORMS) == "residual":
            self.embedder = ResidualMLP(features, latent, width=2 * hidden, normalize=True)
            self.recovery = ResidualMLP(latent, features, width=2 * hidden, normalize=False)
        else:
            self.embedder = RecurrentNet(features, latent, **rnn)
            self.recovery = RecurrentNet(latent, features, **rnn)

        self.supervisor: nn.Module
        if choose("model.supervisor", supervisor, FORMS) == "residual":
            self.supervisor = ResidualSupervisor(latent, **{**fewer, "hidden": max(1, hidden // 2)})
        else:
            self.supervisor = RecurrentNet(latent, latent, **fewer)

        self.generator: PathGenerator | RecurrentGenerator
        given: dict[str, Any] = {"context": context, "exogenous": exogenous, **rnn}
        if choose("model.generator", generator, ("path", "recurrent")) == "path":
            self.generator = PathGenerator(noise, static_noise, latent, **given)
        else:
            self.generator = RecurrentGenerator(noise, static_noise, latent, **given)
        head = self.generator.head
        self.context_noise_width = 0 if head is None else head.noise_width

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
        self.completer: Completer | None = None
        if completion:  # last, so that the others start from the same weights without it
            self.completer = Completer(features + exogenous, context=context, **rnn)
        self.averages = nn.ModuleDict()
        if ema_decay > 0:
            for name in ("generator", "supervisor", *["completer"] * completion):
                self.averages[name] = copy.deepcopy(getattr(self, name)).requires_grad_(False)

        self.register_buffer("sigma", torch.ones(latent + exogenous))
        self.register_buffer("roughness", torch.ones(latent + exogenous))
        self.register_buffer("batches_seen", torch.tensor(0.0))
        for name in ("step_means", "step_stds"):  # unknown as long as they are 0
            self.register_buffer(name, torch.zeros(window, features))
        if variable_length:
            self.register_buffer("length_thresholds", torch.full((window,), -torch.inf))

    @classmethod
    def arguments(cls) -> list[str]:
        """Return the names of the constructor's arguments."""
        return list(inspect.signature(cls).parameters)

    def draw_noise(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return noise of ``count`` windows: z (B, T, Z) and static noise (B, G).

        In a model with a context its noise follows that of the sequence.
        """
        draw = torch.randn if self.noise_distribution == "normal" else torch.rand
        z = draw(count, self.window, self.noise_width, generator=generator)
        static_width = self.static_noise_width + self.context_noise_width
        return z, draw(count, static_width, generator=generator)

    @property
    def has_bounded_output(self) -> bool:
        """True if the recovery network returns values from 0 to 1 only."""
        return bool(getattr(self.recovery, "squash", False))

    def set_length_thresholds(self, thresholds: Tensor) -> None:
        """Set the length code, in the last context channel, from which on each step exists, (T,).

        Raises:
            InputError: there is not one threshold a step, one falls, or the first is not -inf.
        """
        rises = thresholds.shape == (self.window,) and bool(
            (thresholds[1:] >= thresholds[:-1]).all()
        )
        if not rises or thresholds[0] != -torch.inf:
            raise InputError(
                f"Length thresholds {thresholds.tolist()}: every sequence has a first step, and "
                f"step t only if it has step t - 1. Give {self.window} of them that do not fall, "
                "the first of them -inf."
            )
        self.length_thresholds.copy_(thresholds)

    def set_step_statistics(self, means: Tensor, stds: Tensor) -> None:
        """Set mean and deviation (T, C) of training windows, which long series keep to."""
        self.step_means.copy_(means)
        self.step_stds.copy_(stds)

    def mask(self, context: Tensor | None) -> Tensor | None:
        """Return the mask (B, T, 1) of sequences of this context (B, S); None: all steps exist."""
        if not self.variable_length or context is None:
            return None
        return decode_mask(context[:, -1], self.length_thresholds)

    @torch.no_grad()
    def update_scales(self, path: Tensor, mask: Tensor | None = None) -> None:
        """Average the scale and the roughness of real paths (B, T, H + U) over batches."""
        path, mask = all_gather(path), all_gather(mask)
        path = path.to(self.sigma)  # half precision is too little for differences
        self.discriminator.update_statistics(path, mask)
        if path.shape[1] < 3:
            return
        once, twice = (None, None) if mask is None else (mask[:, 1:], mask[:, 2:])
        sigma, _ = std_over_steps(path.diff(dim=1), once)
        curvature, rows = std_over_steps(path.diff(n=2, dim=1), twice)
        sigma = sigma.clamp_min(1e-4)
        enough = (rows >= 2).to(self.batches_seen)
        self.batches_seen += enough
        share = enough / self.batches_seen.clamp_min(1)
        self.sigma.lerp_(sigma, share)
        self.roughness.lerp_(curvature / sigma, share)

    def initialize_scales(self) -> None:
        """Pass the measured scales to generator and discriminator, which start from them."""
        if isinstance(self.generator, PathGenerator):
            self.generator.initialize_scales(self.sigma, self.roughness[: self.latent])
        self.discriminator.initialize_scales(self.sigma)
        for name, average in self.averages.items():
            average.load_state_dict(getattr(self, name).state_dict())

    @torch.no_grad()
    def update_ema(self, share: float) -> None:
        """Move the averaged weights towards the current ones by a share of the way."""
        for name, average in self.averages.items():
            current = list(getattr(self, name).parameters())
            torch._foreach_lerp_(list(average.parameters()), current, share)

    def generate(
        self,
        z: Tensor,
        z_static: Tensor,
        context: Tensor | None = None,
        exogenous: Tensor | None = None,
        *,
        averaged: bool = False,
    ) -> tuple[Tensor, Conditions]:
        """Return latents e_hat (B, T, H) and their conditions.

        Args:
            z: noise (B, T, Z).
            z_static: static noise (B, G).
            context: (B, S), with NaN in rows whose context is to be generated; None: all rows.
            exogenous: (B, T, U), with NaN at steps that are to be generated; None: all steps.
            averaged: use the averaged weights, if there are any.
        """
        live = not averaged or len(self.averages) == 0  # torch.export cannot ask a module for truth
        generator = cast(
            PathGenerator | RecurrentGenerator,
            self.generator if live else self.averages["generator"],
        )
        mask = None
        if generator.head is not None:
            own = self.context_noise_width
            made = generator.head(z_static[:, -own:])
            context = made if context is None else made.where(context.isnan(), context)
            mask = self.mask(context)
            z_static = torch.cat([z_static[:, :-own], context], dim=-1)
        if not self.exogenous:
            return generator(z, z_static), Conditions(context, None, mask)
        if exogenous is None:
            exogenous = z.new_full((*z.shape[:2], self.exogenous), torch.nan)
        unknown = exogenous.isnan().any(-1, keepdim=True)
        given = torch.cat([exogenous.where(~unknown, 0), (~unknown).to(z)], dim=-1)
        e_hat, made = generator(z, z_static, given).tensor_split([self.latent], dim=-1)
        return e_hat, Conditions(context, made.where(unknown, exogenous), mask)

    @torch.no_grad()
    def generate_contexts(self, z_static: Tensor) -> Tensor:
        """Return context channels (B, S) of static noise (B, G), by the averaged weights."""
        generator = cast(
            PathGenerator | RecurrentGenerator,
            self.averages["generator"] if self.averages else self.generator,
        )
        assert generator.head is not None
        made: Tensor = generator.head(z_static[:, -generator.head.noise_width :])
        return made

    @torch.no_grad()
    def synthesise(
        self,
        z: Tensor,
        z_static: Tensor,
        context: Tensor | None = None,
        exogenous: Tensor | None = None,
    ) -> GeneratedBatch[Tensor]:
        """Return sequences of noise, by the averaged weights; see :meth:`generate`."""
        supervisor = self.averages["supervisor"] if self.averages else self.supervisor
        e_hat, (context, exogenous, mask) = self.generate(
            z, z_static, context, exogenous, averaged=True
        )
        x_hat: Tensor = self.recovery(supervisor(e_hat))
        if mask is None or context is None:
            return GeneratedBatch(x_hat, None, context, exogenous)
        exogenous = None if exogenous is None else exogenous.where(mask > 0, 0)
        lengths = decode_lengths(context[:, -1], self.length_thresholds)
        return GeneratedBatch(x_hat.where(mask > 0, 0), lengths, context, exogenous)


class HasNetworks(Protocol):
    """A model that holds its networks, as :class:`timegan.TimeGAN` does."""

    @property
    def net(self) -> Networks:
        """Return the networks."""
        ...


def std_over_steps(values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the standard deviation (C,) over the steps of (B, T, C), and their number ()."""
    rows = values.flatten(0, 1)
    if mask is None:
        return variance(rows).sqrt(), rows.new_full((), len(rows))
    exists = mask.flatten(0, 1)
    return masked_variance(rows, exists)[1].sqrt(), exists.sum()
