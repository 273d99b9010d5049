"""Completion: the steps and channels of a window that are not given, drawn from those that are.

Shapes: B windows, T steps, D channels of features and exogenous columns, S context channels,
Z noise channels of a step. A mask of given cells (B, T, D) is 1 where a cell is given.

Sources: pathwise conditioning (Wilson et al. 2021) joins what is drawn to what is given; the
energy score (Gneiting and Raftery 2007) of two draws is a proper score, see
:func:`timegan.nn.losses.energy_score`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from timegan.nn.layers import CELLS, zero_init_

NOISE = 8
"""Noise channels of a step at least."""

DISTANCES = (1, 2, 4, 8)
"""Largest distance from a given cell of each group but the last two."""


class Completer(nn.Module):
    """A generator of windows that agree with given cells.

    One recurrent network reads the given cells and their changes in both directions. Another one
    generates a path from what it read and from noise: a level plus increments, as in
    :class:`timegan.nn.generators.PathGenerator`. The path is then moved by the difference at the
    given cells, which is interpolated between them and fades behind the last one. So given cells
    are exact, and steps next to them follow upon them.

    Args:
        channels: D.
        context: S.
        hidden: width of the cells.
        layers: stacked cells.
        cell: ``gru`` or ``lstm``.

    Attributes:
        sigma: deviation of the changes of each channel (D,).
        spread: factor of the distance of draws from their centre, by the groups of
            `spread_groups`. Draws then spread as the truth does. Only what is common to
            neighbouring steps is scaled, so that changes keep their size.
    """

    sigma: Tensor
    batches_seen: Tensor
    spread: Tensor

    def __init__(
        self, channels: int, *, context: int = 0, hidden: int, layers: int, cell: str
    ) -> None:
        super().__init__()
        self.noise_width = min(max(channels, NOISE), 32)
        rnn = CELLS[cell]
        self.forwards = rnn(3 * channels + context, hidden, layers, batch_first=True)
        self.backwards = rnn(3 * channels + context, hidden, layers, batch_first=True)
        self.path = rnn(2 * hidden + 2 * self.noise_width, hidden, layers, batch_first=True)
        self.mix = nn.Sequential(nn.Linear(3 * hidden + self.noise_width, 2 * hidden), nn.GELU())
        self.last = zero_init_(nn.Linear(2 * hidden, 2 * channels))
        self.level = zero_init_(nn.Linear(2 * hidden, channels))
        self.hold = nn.Parameter(torch.full((channels,), 4.0))
        self.register_buffer("sigma", torch.ones(channels))
        self.register_buffer("batches_seen", torch.tensor(0.0))
        self.register_buffer("spread", torch.ones(2 * (len(DISTANCES) + 2)))

    def draw_noise(self, count: int, window: int, generator: torch.Generator) -> Tensor:
        """Return noise (B, T, 2 Z): one half for each step, the other the same at all steps."""
        z = torch.randn(count, window, self.noise_width, generator=generator)
        static = torch.randn(count, 1, self.noise_width, generator=generator)
        return torch.cat([z, static.expand(-1, window, -1)], dim=-1)

    @torch.no_grad()
    def update_scales(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Average the deviation of the changes of real windows (B, T, D) over batches."""
        if x.shape[1] < 2:
            return
        changes = x.diff(dim=1)
        rows = changes[mask[:, 1:, 0] > 0] if mask is not None else changes.flatten(0, 1)
        if len(rows) < 2:
            return
        self.batches_seen += 1
        self.sigma.lerp_(rows.std(dim=0).clamp_min(1e-3).to(self.sigma), 1 / self.batches_seen)

    def forward(self, x: Tensor, given: Tensor, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Complete windows.

        Args:
            x: windows (B, T, D); cells that are not given do not count.
            given: mask of given cells (B, T, D).
            z: noise (K B, T, 2 Z) of K draws of each window, see `draw_noise`.
            context: channels (B, S) of the sequences.

        Returns:
            Windows (K B, T, D) that are ``x`` at the given cells.
        """
        x = x.where(given > 0, 0)
        follows = given[:, 1:] * given[:, :-1]
        changes = nn.functional.pad(x.diff(dim=1) * follows / self.sigma, (0, 0, 1, 0))
        seen = torch.cat([x, changes, given], dim=-1)
        if context is not None:
            seen = torch.cat([seen, context[:, None].expand(-1, x.shape[1], -1)], dim=-1)
        read = torch.cat([self.forwards(seen)[0], self.backwards(seen.flip(1))[0].flip(1)], dim=-1)
        draws = len(z) // len(x)
        read, x, given = (part.repeat(draws, 1, 1) for part in (read, x, given))
        state = self.path(torch.cat([read, z], dim=-1))[0]
        mixed = self.mix(torch.cat([read, state, z[..., : self.noise_width]], dim=-1))
        a, b = self.last(mixed).chunk(2, dim=-1)
        level = self.level(mixed.mean(dim=1, keepdim=True))
        path = level + self.sigma * (a + b.cumsum(1))
        moved: Tensor = path + interpolate(x - path, given, self.hold.sigmoid())
        return x.where(given > 0, moved)

    def draw(self, x: Tensor, given: Tensor, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Complete windows with draws that spread as calibration asks.

        The arguments are those of `forward`.
        """
        made: Tensor = self(x, given, z, context)
        draws = len(z) // len(x)
        centre = self(x, given, torch.zeros_like(z[: len(x)]), context).repeat(draws, 1, 1)
        factor = self.spread[spread_groups(given).repeat(draws, 1, 1)]
        spread = made + (factor - 1) * smoothed(made - centre)
        return made.where(given.repeat(draws, 1, 1) > 0, spread)


def smoothed(windows: Tensor) -> Tensor:
    """Return the mean of windows (B, T, D) over five steps around each, fewer at the ends.

    >>> smoothed(torch.tensor([0.0, 0.0, 0.0, 5.0, 0.0])[None, :, None])[0, :, 0]
    tensor([0.0000, 1.2500, 1.0000, 1.2500, 1.6667])
    """
    return nn.functional.avg_pool1d(
        windows.transpose(1, 2), 5, stride=1, padding=2, count_include_pad=False
    ).transpose(1, 2)


def spread_groups(given: Tensor) -> Tensor:
    """Return the group (B, T, D) of each cell by its distance from given cells of its channel.

    The first half have given cells on one side at most, the second half on both. In each half come
    the distances up to each of `DISTANCES`, larger ones, and channels without a given cell.

    >>> spread_groups(torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0])[None, :, None])[0, :, 0]
    tensor([6, 6, 7, 6, 6, 0, 1])
    """
    steps = given.shape[1]
    before, after = nearest_given(given)
    place = torch.arange(steps, device=given.device)[None, :, None]
    has_left, has_right = before >= 0, after < steps
    left = torch.where(has_left, place - before, steps)
    right = torch.where(has_right, after - place, steps)
    edges = torch.tensor(DISTANCES, device=given.device)
    group = torch.bucketize(torch.minimum(left, right), edges)
    group = torch.where(has_left | has_right, group, len(DISTANCES) + 1)
    return group + (len(DISTANCES) + 2) * (has_left & has_right)


def nearest_given(given: Tensor) -> tuple[Tensor, Tensor]:
    """Return the last given step up to each cell (B, T, D), or -1, and the next one, or T."""
    steps = given.shape[1]
    place = torch.arange(steps, device=given.device)[None, :, None]
    before = torch.where(given > 0, place, -1).cummax(dim=1).values
    after = torch.where(given > 0, place, steps).flip(1).cummin(dim=1).values.flip(1)
    return before, after


def interpolate(residual: Tensor, given: Tensor, hold: Tensor) -> Tensor:
    """Interpolate residuals at given cells over all steps of their channel.

    Between two given cells it is linear in their distances. Before the first and behind the last
    one it is theirs times ``hold`` to the power of the distance. In between the larger of the two
    decides, so that a wide gap fades in its middle, too.

    Args:
        residual: (B, T, D), of which cells that are not given do not count.
        given: mask of given cells (B, T, D).
        hold: (D,) from 0 to 1.

    >>> residual = torch.tensor([2.0, 0.0, 0.0, 4.0, 0.0])[None, :, None]
    >>> given = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.0])[None, :, None]
    >>> interpolate(residual, given, torch.ones(1))[0, :, 0].round(decimals=2)
    tensor([2.0000, 2.6700, 3.3300, 4.0000, 4.0000])
    """
    steps = residual.shape[1]
    residual = residual.where(given > 0, 0)
    place = torch.arange(steps, device=residual.device)[None, :, None]
    before, after = nearest_given(given)
    left = residual.gather(1, before.clamp_min(0))
    right = residual.gather(1, after.clamp_max(steps - 1))
    has_left, has_right = before >= 0, after < steps
    to_left, to_right = (place - before).to(residual), (after - place).to(residual)
    share = to_left / (to_left + to_right).clamp_min(1)
    faded_left, faded_right = left * hold**to_left, right * hold**to_right
    inside = faded_left * (1 - share) + faded_right * share
    nothing = torch.zeros_like(residual)
    one_side = torch.where(has_left, faded_left, torch.where(has_right, faded_right, nothing))
    return torch.where(has_left & has_right, inside, one_side)


def draw_given(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Draw masks of given cells (B, T, D): pasts, gaps, single cells, columns, and nothing.

    Half of the windows have a past to continue. In a part of them some channels are given at later
    steps, too, as in what-if questions. Others have a block that is missing, single cells, or whole
    channels.

    Args:
        shape: B, T and D.
        generator: of the random numbers.
    """
    count, steps, channels = shape

    def uniform(*size: int) -> Tensor:
        return torch.rand(*size, generator=generator)

    place = torch.arange(steps)[None, :, None]
    kind, length = uniform(count, 1, 1), (uniform(count, 1, 1) * (steps - 1)).floor() + 1
    first = (uniform(count, 1, 1) * (steps - length + 1)).floor()
    past = (place < length).expand(-1, -1, channels)
    gap = ((place < first) | (place >= first + length)).expand(-1, -1, channels)
    cells = uniform(count, steps, channels) < uniform(count, 1, 1)
    columns = (uniform(count, 1, channels) < uniform(count, 1, 1)).expand(-1, steps, -1)
    # Gaps of some channels only, and some channels known beforehand.
    some = uniform(count, 1, channels) < 0.5
    is_partial = uniform(count, 1, 1) < 0.3
    past, gap = past | (is_partial & some), gap | (is_partial & some)
    given = torch.where(kind < 0.5, past, gap)
    given = torch.where(kind < 0.7, given, cells)
    given = torch.where(kind < 0.85, given, columns)
    return (given & (kind < 0.97)).float()
