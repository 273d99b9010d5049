"""The door to `timegan.cli.evaluate`: `python evaluate.py key=value ...`."""

from timegan.cli.evaluate import main

if __name__ == "__main__":
    main()
