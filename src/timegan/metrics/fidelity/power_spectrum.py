"""Power spectra of windows."""

import numpy as np

from timegan.metrics.windows import Array
from timegan.variation import negligible

FEWEST_STEPS = 4


def spectrum(windows: Array) -> tuple[Array, Array]:
    """Return the mean power spectra of windows (N, T, C).

    Each window loses its own mean and is tapered (Hann), so that its ends, which do not meet, do
    not pass for high frequencies. The powers of a feature add up to its mean variance within a
    window, as the taper weighs it.

    Returns:
        frequencies (F,) in cycles per step, from one per window to one per two steps, and the
        powers (F, C).
    """
    x = np.asarray(windows, dtype=np.float64)
    steps = x.shape[1]
    taper = np.hanning(steps + 2)[1:-1, None]
    largest = np.abs(x).max(axis=(0, 1))
    x = x - x[:, :1]  # exactly zero where a window holds one value
    x = x - (x * taper).sum(axis=1, keepdims=True) / taper.sum()
    power = (np.abs(np.fft.rfft(x * taper, axis=1)) ** 2).mean(axis=0)
    power *= 2 / (steps * (taper**2).sum())
    if steps % 2 == 0:
        power[-1] /= 2  # the only one that has no mirror image
    power[:, negligible(np.sqrt(power.sum(axis=0)), largest)] = 0.0
    return np.fft.rfftfreq(steps)[1:], power[1:]
