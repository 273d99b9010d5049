"""Shards: the sequences of one machine, where several machines sample a table together."""

import re

from timegan.errors import InputError


def shard_range(shard: str | None, total: int) -> range:
    """Return the numbers of the sequences of one shard.

    Args:
        shard: ``i/n``, the i-th of n, from 1; None: all.
        total: sequences of all shards together.

    Raises:
        InputError: there is no such shard, or there are fewer sequences than shards.

    >>> [shard_range(f"{i}/3", 10) for i in (1, 2, 3)]
    [range(0, 3), range(3, 6), range(6, 10)]
    """
    i, n = (1, 1) if shard is None else parse_shard(shard)
    if n > total:
        raise InputError(
            f"shard={shard}: {n:,} shards need at least as many sequences, and there are "
            f"{total:,}. Set at most {total:,} shards, or a larger count."
        )
    return range(total * (i - 1) // n, total * i // n)


def parse_shard(shard: str) -> tuple[int, int]:
    """Return i and n of ``i/n``.

    Raises:
        InputError: the text has another form, or i is not between 1 and n.

    >>> parse_shard("3/8")
    (3, 8)
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", shard)
    i, n = (int(number) for number in found.groups()) if found else (0, 0)
    if not 1 <= i <= n:
        raise InputError(
            f"shard={shard} is not i/n with i from 1 to n. Set shard=1/4 to shard=4/4 on four "
            "machines, for instance."
        )
    return i, n
