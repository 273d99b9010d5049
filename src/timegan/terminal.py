"""What has to be said at once, beside whatever a command prints."""

import sys


def tell(*lines: str) -> None:
    """Write lines to the standard error; a bar on the terminal makes room for them."""
    for line in lines:
        sys.stderr.write(line + "\n")
    sys.stderr.flush()
