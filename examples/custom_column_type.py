"""A column type of your own: compass bearings, where 359 degrees lie beside 0."""

from typing import Any

import numpy as np
import pandas as pd

from timegan import Synthesizer
from timegan.transforms.base import ColumnTransformer


class Bearing(ColumnTransformer):
    """Degrees from 0 to below 360, as a point on a circle."""

    name, width = "bearing", 2  # the name registers the class for column_types
    fit = from_state = classmethod(lambda cls, *_: cls())  # nothing is learned,
    calibrate = lambda self, *_: self  # nothing needs correction,
    state = lambda self: {}  # and nothing is stored

    def transform(self, values: np.ndarray, breaks: Any, random: Any) -> np.ndarray:
        """Return (R, 2) with unit variance."""
        return 2**0.5 * np.stack([np.cos(np.deg2rad(values)), np.sin(np.deg2rad(values))], axis=-1)

    def inverse_transform(self, channels: np.ndarray, noise: Any) -> np.ndarray:
        """Return degrees (n, T) of channels (n, T, 2)."""
        return np.rad2deg(np.arctan2(channels[..., 1], channels[..., 0])).round(1) % 360


def main(ships: int = 200, schedule: dict[str, int] | None = None) -> pd.DataFrame:
    """Learn courses of ships that turn through north; return ten synthetic ones."""
    random = np.random.default_rng(0)
    course = random.normal(0, 3, (ships, 24)).cumsum(axis=1)
    table = pd.DataFrame({"ship": np.repeat(np.arange(ships), 24), "course": course.ravel() % 360})
    model = Synthesizer(column_types={"course": "bearing"}, schedule=schedule, progress=False)
    return model.fit(table.round(1), sequence_key="ship").sample(10, seed=0)


if __name__ == "__main__":
    print(main())
