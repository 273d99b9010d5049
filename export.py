"""Entry point of the command `python export.py key=value ...`."""

from timegan.cli.app import export

if __name__ == "__main__":
    export()
