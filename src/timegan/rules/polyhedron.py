"""The nearest point that keeps linear rules, for many points at once.

Hildreth's coordinate ascent on the multipliers (Dykstra's projections, for half-spaces) finds the
neighbourhood; from there, a primal-dual active set solves for the exact multipliers. Points are
done one by one, as soon as they meet the conditions of an optimum.
"""

from dataclasses import dataclass

import numpy as np

ROUNDS = 25
SWEEPS = 12
GUESSES = 4
CLOSE = 1e-10  # in scaled units
MOST_RULES = 64  # for the active set: its systems are solved densely, one a point
ROOM = 4_000_000  # numbers in such systems at once


@dataclass(frozen=True)
class Polyhedron:
    """``normals @ x <= limits``, with equality where ``exact``.

    Args:
        normals: (q, m).
        limits: (q,).
        exact: (q,) booleans.
    """

    normals: np.ndarray
    limits: np.ndarray
    exact: np.ndarray

    def nearest(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The points of the polyhedron with the smallest weighted square distance.

        A coordinate that needs no change keeps its bits. A missing one (NaN) stays so, and the
        rules with it hold no more for this point.

        Args:
            points: (k, m).
            weights: (m,) positive.
        """
        if not len(self.normals) or not len(points):
            return points.copy()
        # In units of the weights and with normals of length 1, the problem is Euclidean.
        root = np.sqrt(weights)
        normals = self.normals / root
        length = np.linalg.norm(normals, axis=1)
        normals = normals / length[:, None]
        missing = np.isnan(points)
        start = np.where(missing, 0.0, points) * root
        live = ~((missing @ (normals != 0).T) > 0)
        solver = _Solver(normals, self.limits / length, self.exact)
        moved = (solver.solve(start, live) - start) / root
        moved[missing] = 0.0
        nearest: np.ndarray = points + moved
        return nearest


class _Solver:
    """The same with unit normals and no weights."""

    def __init__(self, normals: np.ndarray, limits: np.ndarray, exact: np.ndarray) -> None:
        self.normals, self.limits, self.exact = normals, limits, exact
        self.gram = normals @ normals.T

    def solve(self, start: np.ndarray, live: np.ndarray) -> np.ndarray:
        """Nearest points to (k, m); ``live`` (k, q) says which rules hold for which point."""
        result = start.copy()
        todo = np.arange(len(start))
        price = np.zeros(live.shape)  # multipliers
        for _ in range(ROUNDS):
            move = self._sweep(start[todo], price, live[todo])
            result[todo] = start[todo] - price @ self.normals
            done = move <= CLOSE
            if len(self.normals) <= MOST_RULES:
                block = max(1, ROOM // len(self.normals) ** 2)
                for first in range(0, len(todo), block):
                    part = slice(first, first + block)
                    solved, better = self._active(start[todo[part]], price[part], live[todo[part]])
                    result[todo[part][solved]] = better[solved]
                    done[part] |= solved
            todo, price = todo[~done], price[~done]
            if not todo.size:
                break
        return result

    def _sweep(self, start: np.ndarray, price: np.ndarray, live: np.ndarray) -> np.ndarray:
        """Improve the multipliers in place; the largest move (k,) of the last sweep."""
        points = np.ascontiguousarray((start - price @ self.normals).T)
        paid, alive = np.ascontiguousarray(price.T), np.ascontiguousarray(live.T)
        for _ in range(SWEEPS):
            move = np.zeros(len(start))
            for i, normal in enumerate(self.normals):
                used = np.flatnonzero(normal)
                step = normal[used] @ points[used] - self.limits[i]
                if not self.exact[i]:
                    step = np.maximum(step, -paid[i])
                step *= alive[i]
                paid[i] += step
                points[used] -= normal[used, None] * step
                move = np.maximum(move, np.abs(step))
        price[:] = paid.T
        return move

    def _active(
        self, start: np.ndarray, price: np.ndarray, live: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Solve for the multipliers of the rules that seem to bind: (optimal, points)."""
        identity = np.eye(len(self.normals))
        price, points = price.copy(), start - price @ self.normals
        solved = np.zeros(len(start), dtype=bool)
        rest = np.arange(len(start))
        for _ in range(GUESSES):
            over = points[rest] @ self.normals.T - self.limits
            active = live[rest] & (self.exact | (price[rest] + over > CLOSE))
            both = active[:, :, None] & active[:, None, :]
            system = (
                np.where(both, self.gram, 0.0) + identity * np.where(active, 1e-11, 1.0)[:, None]
            )
            found = np.zeros(active.shape)
            near = start[rest]
            for _ in range(3):  # the ridge makes dependent rules solvable; these undo its error
                off = np.where(active, near @ self.normals.T - self.limits, 0.0)
                found += np.linalg.solve(system, off[:, :, None])[:, :, 0]
                near = start[rest] - found @ self.normals
            price[rest], points[rest] = found, near
            over = np.where(live[rest], near @ self.normals.T - self.limits, -np.inf)
            tight = np.where(self.exact, np.abs(over), over) <= CLOSE
            fair = self.exact | (found >= -CLOSE)
            good = (tight | ~live[rest]).all(axis=1) & (fair | ~live[rest]).all(axis=1)
            solved[rest[good]] = True
            rest = rest[~good]
            if not rest.size:
                break
        return solved, points
