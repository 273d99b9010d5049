"""The door to `timegan.cli.export`: `python export.py key=value ...`."""

from timegan.cli.export import main

if __name__ == "__main__":
    main()
