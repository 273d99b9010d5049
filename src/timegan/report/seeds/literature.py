"""Results that others have published, to stand beside a run's: always with their source.

All are for windows of 24 steps unless said otherwise. Discriminative and predictive score and
Context-FID are as those papers define them; lower is better.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Figure(NamedTuple):
    """A published score: one number with its deviation, or a range of several."""

    value: float
    deviation: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        if self.most is not None:
            return f"{self.value:g} to {self.most:g}"
        return f"{self.value:g}" + (f" ± {self.deviation:g}" if self.deviation else "")


@dataclass(frozen=True)
class PublishedResult:
    """A published result: one method on one dataset, from one source."""

    method: str
    dataset: str
    scores: dict[str, Figure]
    source: str
    window: int = 24


def _rows(
    method: str, source: str, window: int = 24, **found: dict[str, Figure]
) -> list[PublishedResult]:
    return [PublishedResult(method, name, scores, source, window) for name, scores in found.items()]


def _discriminative(
    value: float, deviation: float | None = None, most: float | None = None
) -> dict[str, Figure]:
    return {"discriminative": Figure(value, deviation, most)}


PUBLISHED: list[PublishedResult] = [
    *_rows(
        "TimeGAN, as printed",
        "Yoon et al., NeurIPS 2019",
        sines=_discriminative(0.011, 0.008) | {"predictive": Figure(0.093)},
        stock=_discriminative(0.102, 0.021) | {"predictive": Figure(0.038)},
        energy=_discriminative(0.236, 0.012) | {"predictive": Figure(0.273)},
    ),
    *_rows(
        "TimeGAN, as others could reproduce it",
        "issues 7, 29 and 87 of the authors' repository; TSGBench; PaD-TS",
        sines=_discriminative(0.02, most=0.04),
        stock=_discriminative(0.126, most=0.20),
        energy=_discriminative(0.47, most=0.50),
    ),
    *_rows(
        "Diffusion-TS",
        "ICLR 2024; 500 to 1,000 network evaluations a sample",
        sines=_discriminative(0.006),
        stock=_discriminative(0.067),
        energy=_discriminative(0.122),
    ),
    *_rows("Diffusion-TS", "ICLR 2024", 64, energy=_discriminative(0.078)),
    *_rows("Diffusion-TS", "ICLR 2024", 128, energy=_discriminative(0.143)),
    *_rows("Diffusion-TS", "ICLR 2024", 256, energy=_discriminative(0.290)),
    *_rows(
        "ImagenTime",
        "NeurIPS 2024; diffusion, 35 evaluations a sample; its code keeps the checkpoint with the "
        "least discriminative score on the training windows",
        sines=_discriminative(0.014),
        stock=_discriminative(0.037),
        energy=_discriminative(0.040),
    ),
    *_rows(
        "FlowTS",
        "run again, 3 trainings; 100 evaluations a sample",
        stock=_discriminative(0.014),
        energy=_discriminative(0.079, 0.015),
    ),
    *_rows(
        "Wavelet Flow Matching",
        "3 trainings",
        stock=_discriminative(0.012) | {"context_fid": Figure(0.005)},
        energy=_discriminative(0.098, 0.018) | {"context_fid": Figure(0.010)},
        etth1=_discriminative(0.005) | {"context_fid": Figure(0.005)},
    ),
    *_rows("Wavelet Flow Matching", "3 trainings", 64, etth1=_discriminative(0.005, most=0.007)),
    *_rows(
        "Wavelet Flow Matching",
        "3 trainings",
        128,
        etth1=_discriminative(0.005, most=0.007),
        energy={"context_fid": Figure(0.123)},
    ),
    *_rows(
        "best of others",
        "several papers that do not choose checkpoints by the score",
        mujoco=_discriminative(0.005, most=0.007) | {"context_fid": Figure(0.006)},
        fmri={"context_fid": Figure(0.099)},
    ),
    *_rows("PaD-TS", "as printed", 128, energy={"context_fid": Figure(0.050)}),
    *_rows("FM-TS", "as printed", fmri=_discriminative(0.106)),
    *_rows("STDiffusion", "as printed", fmri=_discriminative(0.157)),
    *_rows(
        "SDFlow",
        "2026; both stages keep the checkpoints with the least discriminative score; one learned "
        "vector for each training window",
        sines=_discriminative(0.006),
        stock=_discriminative(0.003),
        energy=_discriminative(0.007),
    ),
    *_rows(
        "SDformer",
        "NeurIPS 2024; its code keeps the checkpoint with the least discriminative score",
        sines=_discriminative(0.006),
        stock=_discriminative(0.010),
        energy=_discriminative(0.006),
    ),
]


def published(dataset: str, window: int) -> list[PublishedResult]:
    """Return the rows for a dataset and a window.

    >>> [row.method for row in published("energy", 256)]
    ['Diffusion-TS']
    """
    return [row for row in PUBLISHED if (row.dataset, row.window) == (dataset, window)]
