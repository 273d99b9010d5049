"""Entry point of the command `python train.py key=value ...`."""

from timegan.cli.app import train

if __name__ == "__main__":
    train()
