"""`python -m timegan.results outputs/sweeps/...`: the runs of a sweep as one table."""

from timegan.cli.results import main

if __name__ == "__main__":
    main()
