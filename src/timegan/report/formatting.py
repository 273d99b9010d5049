"""Numbers for people."""


def decimal(value: float, digits: int = 3) -> str:
    """Format a figure between 0 and about 1.

    >>> decimal(0.1234), decimal(0.0), decimal(0.00001)
    ('0.123', '0', '<0.001')
    """
    if 0 < abs(value) < 10**-digits / 2:
        return f"<{10**-digits:.{digits}f}"
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def label(name: str, most: int = 20) -> str:
    """Return a name that fits beside an axis.

    >>> label("Age"), label("energy_consumption_of_the_house")
    ('Age', 'energy_con…the_house')
    """
    if len(name) <= most:
        return name
    return f"{name[: most // 2]}\N{HORIZONTAL ELLIPSIS}{name[len(name) - (most - 1) // 2 :]}"


def number(value: float | None, digits: int = 4) -> str:
    """Format a number with four digits, and all of those before the point.

    >>> number(123456.789), number(0.0123456), number(-2.5), number(None)
    ('123,457', '0.01235', '−2.5', '–')
    """
    if value is None:
        return "\N{EN DASH}"
    if value == 0:
        return "0"
    whole = abs(value) >= 10 ** (digits - 1)
    text = f"{value:,.0f}" if whole else f"{value:.{digits}g}"
    return text.replace("-", "\N{MINUS SIGN}")


def share(value: float) -> str:
    """Return a share in percent, never rounded to all or nothing.

    >>> share(1.0), share(0.99996), share(0.482), share(0.0)
    ('100%', '>99.9%', '48.2%', '0%')
    """
    for end, sign, near in ((0.0, "<", "0.1%"), (1.0, ">", "99.9%")):
        if value == end:
            return f"{end:.0%}"
        if abs(value - end) < 0.0005:
            return sign + near
    return f"{value:.1%}"


def duration(seconds: float) -> str:
    """Format seconds as a duration.

    >>> duration(8.41), duration(95), duration(7_300)
    ('8.4 s', '1 min 35 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"
