"""Power spectra: a wave has its power at its frequency, and powers add up to the variance."""

import numpy as np
import pytest

from timegan.metrics.fidelity.power_spectrum import spectrum


@pytest.mark.parametrize("steps", [16, 17])
def test_powers_add_up_to_the_variance_of_noise(steps: int) -> None:
    noise = np.random.default_rng(0).normal(size=(20_000, steps, 2)) * [1, 3]
    frequencies, powers = spectrum(noise)
    assert frequencies[0] == pytest.approx(1 / steps)
    assert frequencies[-1] == pytest.approx((steps // 2) / steps)
    # Less what each window's own mean takes away.
    assert powers.sum(axis=0) == pytest.approx([1, 9], rel=0.12)


def test_white_noise_is_flat() -> None:
    _, powers = spectrum(np.random.default_rng(0).normal(size=(20_000, 32, 1)))
    inner = powers[2:-1, 0]
    assert inner.max() / inner.min() < 1.1


def test_a_wave_has_its_power_at_its_frequency() -> None:
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(50, 1, 1))
    wave = 5 + np.sin(2 * np.pi * 0.25 * np.arange(32)[None, :, None] + phase)
    frequencies, powers = spectrum(wave)
    assert frequencies[powers[:, 0].argmax()] == 0.25
    assert powers.sum() == pytest.approx(0.5, rel=0.01)


def test_a_constant_has_no_power() -> None:
    assert spectrum(np.full((3, 8, 1), 7.0))[1].max() < 1e-25
