"""Which of the sequences one machine makes, where several make a table together."""

import re

from timegan.errors import InputError


def share_of(shard: str | None, total: int) -> range:
    """Numbers of the sequences that are this machine's.

    Args:
        shard: ``i/n``, the i-th of n, from 1; None: all.
        total: sequences of all machines together.

    Raises:
        InputError: there is no such shard, or there are fewer sequences than shards.

    >>> [share_of(f"{i}/3", 10) for i in (1, 2, 3)]
    [range(0, 3), range(3, 6), range(6, 10)]
    """
    i, n = (1, 1) if shard is None else read_shard(shard)
    if n > total:
        raise InputError(
            f"shard={shard}: there are {n:,} shards and {total:,} sequences, and a file holds at "
            f"least one. Ask for {total:,} shards or fewer, or for more sequences."
        )
    return range(total * (i - 1) // n, total * i // n)


def read_shard(shard: str) -> tuple[int, int]:
    """i and n of ``i/n``.

    Raises:
        InputError: it is not of this form, or i does not lie from 1 to n.

    >>> read_shard("3/8")
    (3, 8)
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", shard)
    i, n = (int(number) for number in found.groups()) if found else (0, 0)
    if not 1 <= i <= n:
        raise InputError(
            f"shard={shard}: give i/n with i from 1 to n, such as shard=1/4 to shard=4/4 on four "
            "machines."
        )
    return i, n
