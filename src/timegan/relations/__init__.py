"""Relations that hold in every row or sequence of a table: found, described and checked."""

from timegan.relations.constant import ConstantInSequence
from timegan.relations.discovery import discover
from timegan.relations.reduction import Reduction
from timegan.relations.relation import Relation, from_state, state
from timegan.relations.rows import Rows

__all__ = ["ConstantInSequence", "Reduction", "Relation", "Rows", "discover", "from_state", "state"]
