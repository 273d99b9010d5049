"""Two simulated tables that no recipe was tuned on: lorenz.csv and predators.csv.

    python benchmarks/research/unseen_tables.py outputs/unseen_tables

Score them once, when a recipe is finished. A second look would be tuning.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 5_000


def lorenz(step: float = 0.03, inner: int = 10) -> pd.DataFrame:
    """Return the system of Lorenz (1963) with its usual constants, by Runge-Kutta steps."""
    sigma, rho, beta = 10.0, 28.0, 8.0 / 3.0
    state, rows = np.array([1.0, 1.0, 20.0]), []

    def flow(s: np.ndarray) -> np.ndarray:
        x, y, z = s
        return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])

    h = step / inner
    for _ in range(ROWS + 200):
        for _ in range(inner):  # Runge and Kutta, fourth order
            a = flow(state)
            b = flow(state + h / 2 * a)
            c = flow(state + h / 2 * b)
            d = flow(state + h * c)
            state = state + h / 6 * (a + 2 * b + 2 * c + d)
        rows.append(state)
    return pd.DataFrame(rows[200:], columns=["x", "y", "z"]).round(5)


def predators(step: float = 0.1, inner: int = 20) -> pd.DataFrame:
    """Return counts of prey and predators with a carrying capacity, a season and noise."""
    draw = np.random.default_rng(7)
    prey, hunters, rows = 30.0, 8.0, []
    h = step / inner
    for row in range(ROWS + 200):
        season = np.sin(2 * np.pi * row / 120)
        for _ in range(inner):
            grow = prey * (1.0 + 0.3 * season - prey / 120 - 0.09 * hunters)
            live = hunters * (0.025 * prey - 0.6)
            noise = draw.standard_normal(2) * np.sqrt(h) * 0.12
            prey = max(prey + h * grow + prey * noise[0], 0.5)
            hunters = max(hunters + h * live + hunters * noise[1], 0.2)
        warmth = 12 + 9 * season + draw.normal(0, 0.8)
        rows.append((draw.poisson(prey), draw.poisson(hunters * 10), round(warmth, 1)))
    return pd.DataFrame(rows[200:], columns=["prey", "predators", "warmth"])


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for make in (lorenz, predators):
        with (out / f"{make.__name__}.csv").open("x") as file:  # "x" keeps an existing file
            make().to_csv(file, index=False)
