"""Exports of earlier versions go on loading, and make what they made."""

from pathlib import Path

import pandas as pd
import pytest

from timegan.sampling.sequences import generate
from timegan.serialization.model_folder import load_networks
from timegan.serialization.runs import open_run

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.mark.parametrize("name", ["format-2-without-checksum", "format-2"])
def test_an_export_of_a_format_samples_what_it_did(name: str) -> None:
    recorded = pd.read_csv(FIXTURES / name / "samples.csv", parse_dates=["day"])
    for read in (load_networks, open_run):
        model, columns = read(FIXTURES / name)
        made = columns.to_frame(generate(model, columns, 3, seed=0))
        pd.testing.assert_frame_equal(made, recorded, check_dtype=False, rtol=1e-4)
