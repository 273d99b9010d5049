"""A table in, a table out: fit, sample, save and load."""

import tempfile

import pandas as pd

from timegan import Synthesizer
from timegan.data.simulated import salary


def main(people: int = 2_000, schedule: dict[str, int] | None = None) -> pd.DataFrame:
    """Learn simulated careers in two branches; return careers in one of them."""
    table = salary(people)
    table["branch"] = table["sequence"].map(lambda person: ("art", "law")[person % 2])
    model = Synthesizer(schedule=schedule, seed=0, progress=False)
    model.fit(table, sequence_key="sequence", context_columns=["branch"])
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder)
        loaded = Synthesizer.load(folder)
    synthetic = loaded.sample(10, seed=1, context={"branch": "law"})
    assert synthetic.columns.equals(table.columns)
    return synthetic


if __name__ == "__main__":
    print(main())
