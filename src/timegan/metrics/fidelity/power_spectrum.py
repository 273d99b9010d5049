"""Power spectra of windows."""

import numpy as np

from timegan.metrics.windows import Array
from timegan.variation import divisor, known_mean, largest_known, negligible

FEWEST_STEPS = 4


def spectrum(windows: Array) -> tuple[Array, Array]:
    """Return the mean power spectra of windows (N, T, C).

    Each window loses its own mean and is tapered (Hann), so that its ends, which do not meet, do
    not pass for high frequencies. The powers of a feature add up to its mean variance within a
    window, as the taper weighs it.

    Args:
        windows: NaN where there is no value. A window goes from its first value to its last, with
            lines between values. Shorter ones than four steps are left out.

    Returns:
        frequencies (F,) in cycles per step, from one per window to one per two steps, and the
        powers (F, C), NaN where no window is left.
    """
    x = np.asarray(windows, dtype=np.float64)
    steps = x.shape[1]
    largest = np.nan_to_num(largest_known(x, (0, 1)))
    if np.isnan(x).any():
        x, taper = _joined(x)
    else:
        taper = np.hanning(steps + 2)[1:-1, None]
    x = x - x[:, :1]  # exactly zero where a window holds one value
    x = x - (x * taper).sum(axis=1, keepdims=True) / divisor(taper.sum(axis=-2, keepdims=True))
    power = np.abs(np.fft.rfft(x * taper, axis=1)) ** 2
    power = known_mean(power / (taper**2).sum(axis=-2, keepdims=True), 0) * (2 / steps)
    if steps % 2 == 0:
        power[-1] /= 2  # the only one that has no mirror image
    power[:, negligible(np.sqrt(power.sum(axis=0)), largest)] = 0.0
    return np.fft.rfftfreq(steps)[1:], power[1:]


def _joined(x: Array) -> tuple[Array, Array]:
    """Return windows (N, T, C) that begin with their first value, and the taper of each.

    Gaps between values are lines. The taper (N, T, C) is zero behind a window's last value, and NaN
    for a window that is too short.
    """
    steps = x.shape[1]
    known, place = ~np.isnan(x), np.arange(steps)[:, None]
    before = np.maximum.accumulate(np.where(known, place, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, place, steps)[:, ::-1], axis=1)[:, ::-1]
    first, last = np.minimum(after[:, :1], steps - 1), before[:, -1:]
    source = np.clip(place + first, 0, np.maximum(last, 0))
    low, high = (np.take_along_axis(side, source, axis=1) for side in (before, after))
    low, high = np.maximum(low, 0), np.minimum(high, steps - 1)
    a, b = (np.nan_to_num(np.take_along_axis(x, side, axis=1)) for side in (low, high))
    length = (last - first + 1)[:, 0]
    tapers = np.zeros((steps + 1, steps))
    tapers[:FEWEST_STEPS] = np.nan
    for count in range(FEWEST_STEPS, steps + 1):
        tapers[count, :count] = np.hanning(count + 2)[1:-1]
    share = (source - low) / np.maximum(high - low, 1)
    return a + (b - a) * share, tapers[np.maximum(length, 0)].transpose(0, 2, 1)
