"""Windows are decoded in blocks of bounded memory, which leave no trace in what is generated."""

import pickle

import numpy as np
import pandas as pd
import pytest

from benchmarks.sampling import measure
from timegan import Synthesizer
from timegan.sampling import sequences
from timegan.sampling.sequences import generate, generate_chunks
from timegan.sampling.windows import CHUNK_SIZE
from timegan.seeds import rng
from timegan.transforms.quantile_maps import QuantileMap


@pytest.fixture(scope="module")
def model() -> Synthesizer:
    """Return a model of two ordered prices, a held reading and noise."""
    random = rng(0, "prices")
    price = 50 + random.normal(0, 0.3, 1_200).cumsum()
    table = pd.DataFrame(
        {
            "low": price.round(2),
            "high": (price + random.gamma(1, 0.2, 1_200)).round(2),
            "held": np.repeat(random.normal(20, 2, 200).round(1), 6),
            "noise": random.normal(0, 1, 1_200),
        }
    )
    schedule = {"autoencoder": 1, "supervised": 1, "joint": 1}
    return Synthesizer(
        window=8, hidden=6, steps_per_epoch=10, schedule=schedule, progress=False
    ).fit(table)


@pytest.mark.parametrize("start", [0, 100])
def test_blocks_of_any_size_give_the_same_sequences(
    model: Synthesizer, start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted, transform = model.model, model.table_transform
    assert transform.free_constraints.all
    count = 3 * CHUNK_SIZE + 7
    together = generate(fitted, transform, count, seed=4, start=start)
    monkeypatch.setattr(sequences, "DECODED_CELLS", 0)
    apart = list(generate_chunks(fitted, transform, count, seed=4, start=start))
    assert max(map(len, apart)) == CHUNK_SIZE
    assert np.array_equal(together.values, np.concatenate([part.values for part in apart]))


def test_a_block_is_bounded_in_cells(model: Synthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 2 * CHUNK_SIZE * 8 * 4
    monkeypatch.setattr(sequences, "DECODED_CELLS", limit)
    parts = list(generate_chunks(model.model, model.table_transform, 1_000))
    assert [len(part) for part in parts] == [512, 488]
    assert max(part.values.size for part in parts) <= limit


def test_a_map_that_was_used_is_the_one_that_was_not() -> None:
    made, wanted = [0.0, 1.0, 3.0], [0.0, 2.0, 2.5]
    used = QuantileMap(made, wanted)
    mapped = used(np.linspace(-1, 4, 50))
    assert used == QuantileMap(made, wanted)
    assert used.state() == {"made": made, "wanted": wanted}
    assert np.array_equal(pickle.loads(pickle.dumps(used))(np.linspace(-1, 4, 50)), mapped)


def test_all_stages_are_measured(model: Synthesizer) -> None:
    found = measure(model, 64, 1)
    assert list(found) == ["networks", "generate", "parquet"]
    assert min(found.values()) > 0
