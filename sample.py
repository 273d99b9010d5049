"""Entry point of the command `python sample.py key=value ...`."""

from timegan.cli.app import sample

if __name__ == "__main__":
    sample()
