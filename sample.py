"""The door to `timegan.cli.sample`: `python sample.py key=value ...`."""

from timegan.cli.sample import main

if __name__ == "__main__":
    main()
