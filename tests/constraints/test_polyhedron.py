"""The nearest point of a polyhedron is that of a general solver."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from timegan.constraints.polyhedron import Polyhedron


def optimum(point: np.ndarray, weights: np.ndarray, shape: Polyhedron) -> np.ndarray:
    """Return the optimum of sequential quadratic programming."""

    def room(normals: np.ndarray, limits: np.ndarray, kind: str) -> dict[str, Any]:
        return {"type": kind, "fun": lambda x: limits - normals @ x, "jac": lambda _: -normals}

    exact = shape.exact
    result = minimize(
        lambda x: float((weights * (x - point) ** 2).sum()),
        point,
        jac=lambda x: 2 * weights * (x - point),
        method="SLSQP",
        constraints=[
            room(shape.normals[~exact], shape.limits[~exact], "ineq"),
            room(shape.normals[exact], shape.limits[exact], "eq"),
        ][: 1 + exact.any()],
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return np.asarray(result.x)


def orders(pairs: list[tuple[int, int]], width: int) -> np.ndarray:
    rows = np.zeros((len(pairs), width))
    for row, (above, below) in zip(rows, pairs, strict=True):
        row[above], row[below] = -1.0, 1.0
    return rows


DIAMOND = orders([(0, 1), (0, 2), (1, 3), (2, 3)], 4)
CHAIN = orders([(i, i + 1) for i in range(9)], 10)
TOTAL = np.array([[1.0, -1.0, -1.0, 0.0]])
SHAPES = {
    "diamond": Polyhedron(DIAMOND, np.zeros(4), np.zeros(4, dtype=bool)),
    "chain": Polyhedron(CHAIN, np.zeros(9), np.zeros(9, dtype=bool)),
    "total with bounds": Polyhedron(
        np.concatenate([DIAMOND[:2], -np.eye(4), np.eye(4), TOTAL]),
        np.array([0.0, 0.0, 0.2, 0.2, 0.2, 0.2, 1.0, 1.0, 1.0, 1.0, 0.0]),
        np.arange(11) == 10,
    ),
    "a fixed difference that implies an ordering": Polyhedron(
        np.concatenate([DIAMOND, -DIAMOND[:1]]),
        np.array([0.0, 0.0, 0.0, 0.0, 0.3]),
        np.arange(5) == 4,
    ),
    "every ordering, implied ones too": Polyhedron(
        orders([(i, j) for i in range(5) for j in range(i + 1, 5)], 5),
        np.zeros(10),
        np.zeros(10, dtype=bool),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_nearest_point_is_a_general_solver_s(name: str) -> None:
    shape = SHAPES[name]
    rng = np.random.default_rng(0)
    width = shape.normals.shape[1]
    points = rng.normal(size=(40, width))
    weights = np.exp(rng.normal(size=width))
    found = shape.nearest(points, weights)
    for point, near in zip(points, found, strict=True):
        np.testing.assert_allclose(near, optimum(point, weights, shape), atol=2e-6)


def test_what_breaks_nothing_keeps_its_bits_and_what_is_missing_binds_nothing() -> None:
    points = np.array([[3.1, 2.2, 1.3, 0.1], [0.1, np.nan, 2.2, 9.9]])
    found = SHAPES["diamond"].nearest(points, np.ones(4))
    np.testing.assert_array_equal(found[0], points[0])
    mean = (0.1 + 2.2 + 9.9) / 3
    np.testing.assert_allclose(found[1], [mean, np.nan, mean, mean])


def test_precision_does_not_suffer_far_from_zero() -> None:
    points = np.array([[1.7e9, 1.7e9 + 2.0, 1.7e9 - 3.0, 1.7e9 - 9.0]])
    found = SHAPES["diamond"].nearest(points, np.ones(4))
    np.testing.assert_array_equal(found, [[1.7e9 + 1.0, 1.7e9 + 1.0, 1.7e9 - 3.0, 1.7e9 - 9.0]])


def test_many_constraints_converge_without_the_dense_solver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(20, 10))
    exact = SHAPES["chain"].nearest(points, np.ones(10))
    monkeypatch.setattr("timegan.constraints.polyhedron.MAX_CONSTRAINTS", 0)
    np.testing.assert_allclose(SHAPES["chain"].nearest(points, np.ones(10)), exact, atol=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_points_solved_singly_are_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(2).normal(size=(20, SHAPES[name].normals.shape[1]))
    weights = np.linspace(1.0, 2.0, points.shape[1])
    found = SHAPES[name].nearest(points, weights)
    monkeypatch.setattr("timegan.constraints.polyhedron.GUESSED", 0)
    np.testing.assert_allclose(SHAPES[name].nearest(points, weights), found, atol=1e-8)
