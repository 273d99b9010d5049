"""The real windows of one run of the strict protocol: what was learned, and what nobody has seen.

Real samples are parted in blocks of time, so that none shares a row with another: halves of
overlapping windows drawn at random would be nearly the same data, and a floor made of them too good
to be true.
"""

from dataclasses import dataclass

from timegan.metrics.aggregation import FEWEST
from timegan.metrics.overlapping_windows import block_halves
from timegan.metrics.windows import Array, subset
from timegan.seeds import rng


@dataclass(frozen=True)
class Ground:
    """The real windows of one run.

    Args:
        everything: what a generator has learned, in order of time.
        learned: some of it, as many as ``known``: the other side of the measures.
        known: half of it, in blocks of time: ...
        other: ... and the other half, which shares no row with that.
        unseen: windows that share no row with any of these.
        against: what the unseen ones are.
    """

    everything: Array
    learned: Array
    known: Array
    other: Array
    unseen: Array
    against: str

    @classmethod
    def of(cls, train: Array, holdout: Array | None, seed: int, run: int, limit: int) -> "Ground":
        """Draw them: of the training windows alone where nothing, or too little, is held out."""
        draw = rng(seed, "strict", run)
        if holdout is not None and len(holdout) >= FEWEST:
            everything, unseen, against = train, holdout, "held-out"
        else:
            everything, unseen = block_halves(train, draw)
            against = "training"
        known, other = (subset(half, limit, draw) for half in block_halves(everything, draw))
        return cls(
            subset(everything, 2 * limit, draw),
            subset(everything, len(known), draw),
            known,
            other,
            subset(unseen, limit, draw),
            against,
        )

    def side(self, candidate: str) -> Array:
        """The real windows that a candidate is held against: what it was made of, if not real."""
        return self.known if candidate == "real" else self.learned
