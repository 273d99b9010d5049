"""Entry point of the command `python complete.py key=value ...`."""

from timegan.cli.app import complete

if __name__ == "__main__":
    complete()
