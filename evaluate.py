"""Entry point of the command `python evaluate.py key=value ...`."""

from timegan.cli.app import evaluate

if __name__ == "__main__":
    evaluate()
