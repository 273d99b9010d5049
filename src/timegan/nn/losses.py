"""Terms of the objective: tensors in, a scalar out.

A mask (B, T, 1) is 1 at the steps of a sequence and 0 in its padding, which no term depends on.
None means that there is no padding. Losses that are no means over windows gather their positional
arguments from all processes, see :func:`on_global_batch`.

Sources: Yoon et al. 2019 (equations 6 to 9), the authors' code for the forms and weights,
Jolicoeur-Martineau 2018 and Huang et al. 2024 for the relativistic pair and its penalties,
Szekely and Rizzo 2013 for the energy distance.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import ParamSpec

import torch
from torch import Tensor
from torch.nn import functional as F

from timegan.nn.distributed import all_gather
from timegan.nn.masking import masked_mean, masked_moments, variance

P = ParamSpec("P")
WeightedLogits = Sequence[tuple[float, Tensor]]
"""Weight and logits of each kind of synthetic latents: 1 for h_hat, gamma for e_hat."""
Masks = Sequence[Tensor | None]
"""Masks of logits per step: of the real ones, then of each kind of synthetic ones."""
Adversarial = Callable[[Tensor, WeightedLogits, Masks | None], Tensor]


def on_global_batch(loss: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Decorate a loss so that it sees the windows of all processes.

    Positional tensors are gathered, keyword arguments are not.
    """

    @wraps(loss)
    def gathered(*args: P.args, **options: P.kwargs) -> Tensor:
        return loss(*(all_gather(a) if isinstance(a, Tensor) else a for a in args), **options)  # type: ignore[arg-type]

    return gathered


@on_global_batch
def reconstruction(x: Tensor, x_tilde: Tensor, mask: Tensor | None = None, /) -> Tensor:
    """Return L_R, the mean squared error of the autoencoder."""
    return F.mse_loss(x_tilde, x) if mask is None else masked_mean((x_tilde - x) ** 2, mask)


@on_global_batch
def supervised(
    h: Tensor, h_next: Tensor, mask: Tensor | None = None, /, *, sigma: Tensor | float = 1.0
) -> Tensor:
    """Return L_S, the error of ``h_next`` = s(h) at step t as a prediction of h at step t + 1.

    Args:
        h: latents (B, T, H).
        h_next: predictions (B, T, H).
        mask: of h. Sequences of one step have no transition and no error.
        sigma: the scale in which the error is measured, (H,) or a number.
    """
    squared = ((h_next[:, :-1] - h[:, 1:]) / sigma) ** 2
    return masked_mean(squared, None if mask is None else mask[:, 1:])


@on_global_batch
def moments(
    x: Tensor, x_hat: Tensor, mask: Tensor | None = None, mask_hat: Tensor | None = None, /
) -> Tensor:
    """Return L_V, the distance of means and standard deviations over the batch.

    They are compared for each step and feature. With masks, a step counts by the share of real
    sequences that reach it, and not at all if no synthetic one does.
    """
    if mask is None and mask_hat is None:
        std, std_hat = ((variance(v) + 1e-6).sqrt() for v in (x, x_hat))
        return (std_hat - std).abs().mean() + (x_hat.mean(0) - x.mean(0)).abs().mean()
    full = torch.ones_like(x[..., :1])
    mask, mask_hat = (full if m is None else m for m in (mask, mask_hat))
    mean, std = masked_moments(x, mask)
    mean_hat, std_hat = masked_moments(x_hat, mask_hat)
    distance = (std_hat - std).abs() + (mean_hat - mean).abs()  # (T, C)
    weight = mask.sum(0) * (mask_hat.sum(0) > 0)  # (T, 1)
    return (weight * distance).sum() / (weight.sum() * x.shape[-1]).clamp_min(1)


@on_global_batch
def sliced_energy_distance(
    real: Tensor, fake: Tensor, /, *, projections: Tensor, paired: bool = False
) -> Tensor:
    """Return the unbiased energy distance of two batches, averaged over projections.

    It is ``2 E|r - f| - E|r - r'| - E|f - f'|``, where the pairs of a batch are of different
    windows. In expectation it is zero if and only if the batches come from one distribution.

    Args:
        real: critic inputs of real windows, (B, T, V).
        fake: critic inputs of synthetic windows, (B, T, V).
        projections: directions, (T V, P), see :func:`random_projections`.
        paired: leave out pairs of a real and a synthetic window of the same number. The synthetic
            one may have been generated for the conditions of the real one.
    """
    n, m = len(real), len(fake)
    values = torch.cat([real.flatten(1), fake.flatten(1)]) @ projections  # (n + m, P)
    across = 1 / max(n * m - n * paired, 1)
    with torch.no_grad():
        slope = 2 * pair_slopes(values, n, across)
    distance = (slope * values).sum(0)
    if paired:
        distance = distance - 2 * across * (values[:n] - values[n:]).abs().sum(0)
    return distance.mean()


def pair_slopes(values: Tensor, n: int, across: float) -> Tensor:
    """Return half the derivative of each column's energy distance by its values, (n + m, P).

    In a sum of ``|v_i - v_j|`` a value is added for each smaller one and subtracted for each larger
    one. In sorted order both are counted at once. The distance is the slopes times the values.

    Args:
        values: (n + m, P), the first n of one batch, the others of the other.
        n: size of the first batch.
        across: weight of a pair across the batches. Other pairs count as a mean over their batch.
    """
    m = len(values) - n
    order = values.argsort(0)
    first = order < n
    below = first.cumsum(0)  # values of the first batch up to this one
    ranks = torch.arange(1, n + m + 1, device=values.device)[:, None]
    lean = (2 * below - first.long() - n).to(values)
    lean_other = (2 * (ranks - below) - (~first).long() - m).to(values)
    slope = torch.where(
        first,
        across * lean_other - lean / (n * max(n - 1, 1)),
        across * lean - lean_other / (m * max(m - 1, 1)),
    )
    return torch.empty_like(values).scatter_(0, order, slope)


def random_projections(steps: int, channels: int, count: int, generator: torch.Generator) -> Tensor:
    """Return random directions (T V, P), each the product of one over channels and one over time.

    Over channels a direction is Gaussian or a single channel. Over time it is a single step, the
    mean, or Gaussian. So single values, levels and mixtures are compared.
    """
    feature = torch.randn(count, channels, generator=generator)
    feature = feature / feature.norm(dim=1, keepdim=True)
    single = F.one_hot(torch.randint(channels, (count,), generator=generator), channels).float()
    feature = torch.where(torch.rand(count, 1, generator=generator) < 0.5, feature, single)
    gaussian = torch.randn(count, steps, generator=generator) / steps**0.5
    one = F.one_hot(torch.randint(steps, (count,), generator=generator), steps).float()
    kind = torch.rand(count, 1, generator=generator)
    time = torch.where(kind < 1 / 3, one, torch.where(kind < 2 / 3, 1 / steps, gaussian))
    return torch.einsum("pt,pv->tvp", time, feature).flatten(0, 1)


@on_global_batch
def energy_score(
    real: Tensor, one: Tensor, two: Tensor, mask: Tensor | None = None, /, *, sigma: Tensor
) -> Tensor:
    """Return the energy score of two draws for each real window, a proper score (lower is better).

    It is ``E|y - x| - E|x - x'| / 2``, unbiased with two draws x and x'. Distances are those of
    single cells (the CRPS), of steps and of whole windows, of values and of changes in units of
    sigma (Gneiting and Raftery 2007, section 4.3).

    Args:
        real: windows (B, T, D).
        one: draws (B, T, D) for what is given of them.
        two: draws that are independent of these.
        mask: 1 at the steps of a sequence (B, T, 1).
        sigma: deviation of changes (D,).
    """
    total = real.new_zeros(())
    for power in (0, 1):
        y, a, b = (v if not power else v.diff(dim=1) / sigma for v in (real, one, two))
        exists = torch.ones_like(y[..., :1]) if mask is None else mask[:, power:]
        pairs = [(y - a) * exists, (y - b) * exists, (a - b) * exists]
        cells, channels = exists.sum().clamp_min(1), y.shape[-1]
        for distances in (
            [p.abs().sum() / (cells * channels) for p in pairs],
            [(p.square().sum(-1) / channels + 1e-8).sqrt().sum() / cells for p in pairs],
            [(p.square().flatten(1).mean(1) + 1e-8).sqrt().mean() for p in pairs],
        ):
            total = total + (distances[0] + distances[1] - distances[2]) / 2
    return total


def sum_over_critics(
    objective: Adversarial, logits: Sequence[Tensor], weights: Sequence[float], masks: Masks
) -> Tensor:
    """Return an adversarial objective, summed over critics.

    Args:
        objective: one of ``ADVERSARIAL``.
        logits: of each critic: those of real windows, then those of each kind of synthetic ones,
            joined along the first axis.
        weights: of each kind of synthetic windows.
        masks: of the real windows, then of each kind of synthetic ones.
    """
    terms = []
    for y in logits:
        y_real, *y_fakes = y.chunk(1 + len(weights))
        step_masks: Masks | None = None
        if y.dim() == 3 and masks[0] is not None:  # a mean over steps, of which some are padding
            y_real, *y_fakes = map(all_gather, (y_real, *y_fakes))
            step_masks = [all_gather(mask) for mask in masks]
        terms.append(objective(y_real, list(zip(weights, y_fakes, strict=True)), step_masks))
    return torch.stack(terms).sum()


def bce_real(y: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the cross-entropy of logits with the answer "real"."""
    if mask is None:
        return F.binary_cross_entropy_with_logits(y, torch.ones_like(y))
    return masked_mean(F.softplus(-y), mask)


def bce_discriminator(y_real: Tensor, fakes: WeightedLogits, masks: Masks | None = None) -> Tensor:
    """Return the cross-entropy of logits with 1 for real windows and 0 for synthetic ones."""
    real, *others = masks or no_masks(fakes)
    terms = zip(fakes, others, strict=True)
    return bce_real(y_real, real) + add_up((w, bce_real(-y, m)) for (w, y), m in terms)


def bce_generator(y_real: Tensor, fakes: WeightedLogits, masks: Masks | None = None) -> Tensor:
    """Return the non-saturating generator loss, which ignores ``y_real``."""
    _, *others = masks or no_masks(fakes)
    return add_up((w, bce_real(y, m)) for (w, y), m in zip(fakes, others, strict=True))


def relativistic_discriminator(
    y_real: Tensor, fakes: WeightedLogits, masks: Masks | None = None
) -> Tensor:
    """Return the loss of a critic by which real windows should exceed their synthetic partners."""
    real, *others = masks or no_masks(fakes)
    terms = zip(fakes, others, strict=True)
    return add_up(
        (w, masked_mean(F.softplus(y - y_real), intersect_masks(real, m))) for (w, y), m in terms
    )


def relativistic_generator(
    y_real: Tensor, fakes: WeightedLogits, masks: Masks | None = None
) -> Tensor:
    """Return the loss of a generator whose windows should exceed their real partners."""
    real, *others = masks or no_masks(fakes)
    terms = zip(fakes, others, strict=True)
    return add_up(
        (w, masked_mean(F.softplus(y_real - y), intersect_masks(real, m))) for (w, y), m in terms
    )


def no_masks(fakes: WeightedLogits) -> list[None]:
    """Return None for the real logits and for each kind of synthetic ones."""
    return [None] * (1 + len(fakes))


def intersect_masks(mask: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Return the mask of the steps that both sequences of a pair have."""
    return None if mask is None or other is None else mask * other


def add_up(terms: Iterable[tuple[float, Tensor]]) -> Tensor:
    """Return the sum of weighted terms."""
    return torch.stack([w * term for w, term in terms]).sum()


def gradient_penalty(logits: Sequence[Tensor], view: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the zero-centred penalty E|dD/dv|^2 at inputs (B, T, V), summed over critics."""
    gradients = [torch.autograd.grad(y.sum(), view, create_graph=True)[0] for y in logits]
    if mask is not None:
        gradients = [g * mask for g in gradients]
    return torch.stack([g.square().flatten(1).sum(1).mean() for g in gradients]).sum()


ADVERSARIAL: dict[str, tuple[Adversarial, Adversarial]] = {
    "relativistic": (relativistic_generator, relativistic_discriminator),
    "bce": (bce_generator, bce_discriminator),
}
"""Objectives by name: (the generator's, the discriminator's)."""
