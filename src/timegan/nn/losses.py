"""The terms of the objective: tensors in, a scalar out.

A ``mask`` (B, T, 1) is 1 at the steps of a sequence and 0 in the padding behind its end; what lies
there plays no part in any term. None: there is no padding.

Sources: Yoon et al. 2019 (equations 6 to 9), the authors' code for the forms and weights,
Jolicoeur-Martineau 2018 and Huang et al. 2024 for the relativistic pair and its penalties,
Szekely and Rizzo 2013 for the energy distance.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from timegan.nn.masking import masked_moments, mean, variance

Fakes = Sequence[tuple[float, Tensor]]
"""Weight and logits of each kind of synthetic latents: 1 for h_hat, gamma for e_hat."""
Masks = Sequence[Tensor | None]
"""Masks of logits per step: of the real ones first, then of each kind of synthetic ones."""
Adversarial = Callable[[Tensor, Fakes, Masks | None], Tensor]


def reconstruction(x: Tensor, x_tilde: Tensor, mask: Tensor | None = None) -> Tensor:
    """L_R: mean squared error of the autoencoder."""
    return F.mse_loss(x_tilde, x) if mask is None else mean((x_tilde - x) ** 2, mask)


def supervised(
    h: Tensor, h_next: Tensor, sigma: Tensor | float = 1.0, mask: Tensor | None = None
) -> Tensor:
    """L_S: error of ``h_next`` = s(h) at step t as a prediction of h at step t + 1.

    Args:
        sigma: the scale in which the error is measured, (H,) or a number.
        mask: of h; sequences of one step have no transition and no error.
    """
    squared = ((h_next[:, :-1] - h[:, 1:]) / sigma) ** 2
    return mean(squared, None if mask is None else mask[:, 1:])


def moments(
    x: Tensor, x_hat: Tensor, mask: Tensor | None = None, mask_hat: Tensor | None = None
) -> Tensor:
    """L_V: distance of means and deviations over the batch, for each step and feature.

    With masks, a step counts by the share of real sequences that reach it, and not at all where no
    synthetic one does.
    """
    if mask is None and mask_hat is None:
        std, std_hat = ((variance(v) + 1e-6).sqrt() for v in (x, x_hat))
        return (std_hat - std).abs().mean() + (x_hat.mean(0) - x.mean(0)).abs().mean()
    full = torch.ones_like(x[..., :1])
    mask, mask_hat = (full if m is None else m for m in (mask, mask_hat))
    centre, std = masked_moments(x, mask)
    centre_hat, std_hat = masked_moments(x_hat, mask_hat)
    distance = (std_hat - std).abs() + (centre_hat - centre).abs()  # (T, C)
    weight = mask.sum(0) * (mask_hat.sum(0) > 0)  # (T, 1)
    return (weight * distance).sum() / (weight.sum() * x.shape[-1]).clamp_min(1)


def sliced_energy(
    real: Tensor, fake: Tensor, projections: Tensor, *, paired: bool = False
) -> Tensor:
    """Unbiased energy distance of two batches, averaged over one-dimensional projections.

    2 E|r - f| - E|r - r'| - E|f - f'|, where pairs of a batch are of different windows: zero in
    expectation if and only if the batches come from one distribution.

    Args:
        real: critic inputs of real windows, (B, T, V).
        fake: critic inputs of synthetic windows, (B, T, V).
        projections: directions, (T V, P), see :func:`directions`.
        paired: synthetic window i may have been made for what is known of real window i; the two
            are no pair of independent windows then, and are left out.
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
    """Half the slope of each column's energy distance at each of its values, (n + m, P).

    In a sum of |v_i - v_j| a value is added for each one below it and subtracted for each one
    above; in sorted order both are counted at once. The sum is the slopes times the values.

    Args:
        values: (n + m, P), the first n of one batch, the others of the other.
        n: how many are of the first.
        across: what a pair of both batches counts; others count the mean over the batch's pairs.
    """
    m = len(values) - n
    order = values.argsort(0)
    first = order < n
    below = first.cumsum(0)  # of the first batch, the value itself among them
    places = torch.arange(1, n + m + 1, device=values.device)[:, None]
    lean = (2 * below - first.long() - n).to(values)
    lean_other = (2 * (places - below) - (~first).long() - m).to(values)
    slope = torch.where(
        first,
        across * lean_other - lean / (n * max(n - 1, 1)),
        across * lean - lean_other / (m * max(m - 1, 1)),
    )
    return torch.empty_like(values).scatter_(0, order, slope)


def directions(steps: int, views: int, count: int, generator: torch.Generator) -> Tensor:
    """Random directions (T V, P), each the product of one over features and one over time.

    Over features: Gaussian or a single one. Over time: a single step, the mean, or Gaussian. So
    single values, levels and mixtures are all looked at.
    """
    feature = torch.randn(count, views, generator=generator)
    feature = feature / feature.norm(dim=1, keepdim=True)
    single = F.one_hot(torch.randint(views, (count,), generator=generator), views).float()
    feature = torch.where(torch.rand(count, 1, generator=generator) < 0.5, feature, single)
    gaussian = torch.randn(count, steps, generator=generator) / steps**0.5
    one = F.one_hot(torch.randint(steps, (count,), generator=generator), steps).float()
    kind = torch.rand(count, 1, generator=generator)
    time = torch.where(kind < 1 / 3, one, torch.where(kind < 2 / 3, 1 / steps, gaussian))
    return torch.einsum("pt,pv->tvp", time, feature).flatten(0, 1)


def bce_real(y: Tensor, mask: Tensor | None = None) -> Tensor:
    """Cross-entropy of logits with the answer "real"."""
    if mask is None:
        return F.binary_cross_entropy_with_logits(y, torch.ones_like(y))
    return mean(F.softplus(-y), mask)


def bce_discriminator(y_real: Tensor, fakes: Fakes, masks: Masks | None = None) -> Tensor:
    """Cross-entropy of logits: real ones are called 1, synthetic ones 0."""
    real, *others = masks or unmasked(fakes)
    terms = zip(fakes, others, strict=True)
    return bce_real(y_real, real) + weighted((w, bce_real(-y, m)) for (w, y), m in terms)


def bce_generator(y_real: Tensor, fakes: Fakes, masks: Masks | None = None) -> Tensor:
    """The non-saturating generator loss; ``y_real`` plays no part in it."""
    _, *others = masks or unmasked(fakes)
    return weighted((w, bce_real(y, m)) for (w, y), m in zip(fakes, others, strict=True))


def relativistic_discriminator(y_real: Tensor, fakes: Fakes, masks: Masks | None = None) -> Tensor:
    """Each real window should look more real than the synthetic one that it is paired with."""
    real, *others = masks or unmasked(fakes)
    terms = zip(fakes, others, strict=True)
    return weighted((w, mean(F.softplus(y - y_real), both(real, m))) for (w, y), m in terms)


def relativistic_generator(y_real: Tensor, fakes: Fakes, masks: Masks | None = None) -> Tensor:
    """The same pair, seen from the other side."""
    real, *others = masks or unmasked(fakes)
    terms = zip(fakes, others, strict=True)
    return weighted((w, mean(F.softplus(y_real - y), both(real, m))) for (w, y), m in terms)


def unmasked(fakes: Fakes) -> list[None]:
    """No mask for the real logits nor for any synthetic ones."""
    return [None] * (1 + len(fakes))


def both(mask: Tensor | None, other: Tensor | None) -> Tensor | None:
    """The steps that both sequences of a pair have."""
    return None if mask is None or other is None else mask * other


def weighted(terms: Iterable[tuple[float, Tensor]]) -> Tensor:
    """The sum of weighted terms."""
    return torch.stack([w * term for w, term in terms]).sum()


def gradient_penalty(logits: Sequence[Tensor], view: Tensor, mask: Tensor | None = None) -> Tensor:
    """Zero-centred penalty E|dD/dv|^2 at the inputs ``view`` (B, T, V), summed over critics."""
    gradients = [torch.autograd.grad(y.sum(), view, create_graph=True)[0] for y in logits]
    if mask is not None:
        gradients = [g * mask for g in gradients]
    return torch.stack([g.square().flatten(1).sum(1).mean() for g in gradients]).sum()


ADVERSARIAL: dict[str, tuple[Adversarial, Adversarial]] = {
    "relativistic": (relativistic_generator, relativistic_discriminator),
    "bce": (bce_generator, bce_discriminator),
}
"""Objectives by name: (the generator's, the discriminator's)."""
