"""The command `timegan` and its subcommands: train, sample, complete, evaluate, export, results."""

import sys
from importlib.metadata import version
from pathlib import Path

from timegan.errors import closest_match

COMMANDS = {
    "train": "train a model on a table, and report on it",
    "sample": "draw synthetic sequences from a trained model",
    "complete": "continue real sequences, or fill what a table lacks",
    "evaluate": "compare synthetic with real data",
    "export": "write a trained model for others, also as ONNX",
    "results": "gather runs over several seeds into one table",
}
"""Subcommand -> what it does."""


def main() -> None:
    """Run a subcommand with the arguments behind it."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print("Synthetic time series from a table.\n")
        print(*(f"  timegan {command:<9} {what}" for command, what in COMMANDS.items()), sep="\n")
        print("\ntimegan COMMAND --help shows how each is used, timegan --version the version.")
    elif name == "--version":
        print_version()
    elif name in COMMANDS:
        run(name, arguments)
    else:
        near = closest_match(name, COMMANDS)
        hint = f"Did you mean timegan {near}?" if near else f"There are: {', '.join(COMMANDS)}."
        print(f"Error: timegan {name}: there is no such command. {hint}", file=sys.stderr)
        sys.exit(2)


def run(name: str, arguments: list[str]) -> None:
    """Import a subcommand and run it."""
    if name == "results":
        from timegan.cli.aggregate import main as gather

        gather(arguments)
        return
    from timegan.cli.app import run_app

    own = Path(sys.argv[0]).with_name(f"timegan-{name}")  # processes that it starts call it again
    sys.argv = [str(own) if own.exists() else sys.argv[0], *arguments]
    run_app(name)


def print_version() -> None:
    """Print the name and the version of the package."""
    print(f"timegan-lightning {version('timegan-lightning')}")
