"""The door to `timegan.cli.train`: `python train.py key=value ...`."""

from timegan.cli.train import main

if __name__ == "__main__":
    main()
