"""The nearest point that keeps linear constraints, for many points at once.

A primal-dual active set solves for the multipliers of the constraints that seem to bind, which is
exact where the guess is right. For points where it is not, Hildreth's coordinate ascent on the
multipliers (Dykstra's projections, for half-spaces) makes a better guess, and for the few that then
are left, a finite method finds the point. All are done one by one, as soon as they meet the
conditions of an optimum.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

ROUNDS = 50
SINGLY = 256  # points that are left by then are quicker solved one by one
GUESSED = 2  # rounds with the active set: points that are not done by then are solved singly
SWEEPS = 12
GUESSES = 4
CLOSE = 1e-10  # in scaled units
MAX_CONSTRAINTS = 64  # for the active set: its systems are solved densely, one a point
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
        constraints with it hold no more for this point.

        Args:
            points: (k, m).
            weights: (m,) positive.
        """
        if not len(self.normals) or not len(points):
            return points.copy()
        # In units of the weights and with normals of length 1, the problem is Euclidean; and in
        # terms of the change it keeps its precision however far from 0 the points are.
        root = np.sqrt(weights)
        normals = self.normals / root
        length = np.linalg.norm(normals, axis=1)
        missing = np.isnan(points)
        live = ~((missing @ (normals != 0).T) > 0)
        room = (self.limits - np.where(missing, 0.0, points) @ self.normals.T) / length
        change = _Solver(normals / length[:, None], self.exact).solve(room, live) / root
        return np.asarray(points + np.where(missing, 0.0, change))


class _Solver:
    """The smallest changes ``x`` (k, m) with ``normals @ x <= room``, for unit normals."""

    def __init__(self, normals: np.ndarray, exact: np.ndarray) -> None:
        self.normals, self.exact = normals, exact
        self.gram = normals @ normals.T

    def solve(self, room: np.ndarray, live: np.ndarray) -> np.ndarray:
        """Changes for each ``room`` (k, q); ``live`` selects the constraints of each point."""
        result = np.zeros((len(room), self.normals.shape[1]))
        todo = np.arange(len(room))
        price = np.zeros(live.shape)  # multipliers
        few = len(self.normals) <= MAX_CONSTRAINTS
        for _ in range(GUESSED if few else ROUNDS):
            if few:
                done = np.zeros(len(todo), dtype=bool)
                block = max(1, ROOM // len(self.normals) ** 2)
                for first in range(0, len(todo), block):
                    part = slice(first, first + block)
                    rows = todo[part]
                    solved, change = self._active(room[rows], price[part], live[rows])
                    result[rows[solved]], done[part] = change[solved], solved
                todo, price = todo[~done], price[~done]
            if not todo.size or (few and len(todo) <= SINGLY):
                break
            move = self._sweep(room[todo], price, live[todo])
            result[todo] = -price @ self.normals
            todo, price = todo[move > CLOSE], price[move > CLOSE]
        for row in todo if few else ():
            result[row] = self._one(room[row], live[row], result[row])
        return result

    def _one(self, room: np.ndarray, live: np.ndarray, near: np.ndarray) -> np.ndarray:
        """One smallest change; ``near`` where the method fails.

        As a problem of non-negative least squares (Lawson and Hanson 1974, chapter 23), which is
        finite whatever depends on what.
        """
        both = live & self.exact
        normals = np.concatenate([self.normals[live], -self.normals[both]])
        limits = np.concatenate([room[live], -room[both]])
        size = max(1.0, float(np.abs(limits).max()))
        system = -np.concatenate([normals.T, limits[None] / size])
        try:
            price, _ = nnls(system, np.eye(len(system))[-1])
        except RuntimeError:
            return near
        off = system @ price
        left = 1.0 - off[-1]
        return near if left <= CLOSE**2 else np.asarray(off[:-1] / left * size)

    def _sweep(self, room: np.ndarray, price: np.ndarray, live: np.ndarray) -> np.ndarray:
        """Improve the multipliers in place; the largest move (k,) of the last sweep."""
        change = np.ascontiguousarray((-price @ self.normals).T)
        paid, alive, left = (np.ascontiguousarray(x.T) for x in (price, live, room))
        move = np.zeros(len(room))
        for _ in range(SWEEPS):
            move = np.zeros(len(room))
            for i, normal in enumerate(self.normals):
                used = np.flatnonzero(normal)
                step = normal[used] @ change[used] - left[i]
                if not self.exact[i]:
                    step = np.maximum(step, -paid[i])
                step *= alive[i]
                paid[i] += step
                change[used] -= normal[used, None] * step
                move = np.maximum(move, np.abs(step))
        price[:] = paid.T
        return move

    def _active(
        self, room: np.ndarray, price: np.ndarray, live: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Solve for the multipliers of the constraints that seem to bind: (optimal, changes)."""
        price, change = price.copy(), -price @ self.normals
        solved = np.zeros(len(room), dtype=bool)
        rest = np.arange(len(room))
        for _ in range(GUESSES):
            over = change[rest] @ self.normals.T - room[rest]
            active = live[rest] & (self.exact | (price[rest] + over > CLOSE))
            inverse = self._inverses(active)
            found = np.zeros(active.shape)
            over = -room[rest]
            for _ in range(2):  # the second time for the rounding errors of the first
                found += np.einsum("kij,kj->ki", inverse, np.where(active, over, 0.0))
                change[rest] = -found @ self.normals
                over = change[rest] @ self.normals.T - room[rest]
            price[rest] = found
            tight = np.where(self.exact, np.abs(over), over) <= CLOSE
            fair = self.exact | (found >= -CLOSE)
            good = ((tight & fair) | ~live[rest]).all(axis=1)
            solved[rest[good]] = True
            rest = rest[~good]
            if not rest.size:
                break
        return solved, change

    def _inverses(self, active: np.ndarray) -> np.ndarray:
        """Return inverses (k, q, q) of the systems of the binding constraints."""
        packed = np.packbits(active, axis=1)
        keys = packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        both = active[first][:, :, None] & active[first][:, None, :]
        # A pseudo-inverse, for constraints may depend on each other.
        inverses = np.linalg.pinv(np.where(both, self.gram, 0.0), rcond=1e-10, hermitian=True)
        return np.asarray(inverses[which.ravel()])
