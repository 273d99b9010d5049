"""Random changes to a model's files: the same model, or an InputError, and no memory."""

import json
import resource
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.serialization.visits import visits_data
from timegan.errors import InputError
from timegan.nn.networks import Networks
from timegan.sampling.sequences import generate
from timegan.sampling.windows import networks
from timegan.serialization.model_folder import description_checksum, export_model, load_networks
from timegan.serialization.runs import open_run
from timegan.training.factory import build_model
from timegan.training.schedule import Schedule
from timegan.transforms.table_transform import TableTransform

Leaf = tuple[Any, ...]


class Files(dict[str, bytes]):
    """Content by name; as an argument in messages it is short."""

    def __repr__(self) -> str:
        return "Files"


SHORT = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(SHORT, max_examples=3_000)

STRANGE: list[Any] = [
    *(None, True, 0, 1, -1, 2, 10**4, 10**9, 2**63, -(2**63), 10**400),
    *(0.0, -0.0, 0.5, -1.5, 1e-300, 1e300, -1e300),
    *("", "a", "gru", "../../etc/passwd", "__class__", "\x00", "x" * 10_000),
    *([], {}, [0], [[]], {"a": 1}, ["a"], [None], [1e308, -1e308]),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Return an exported model and a checkpoint, as bytes."""
    folder, data = tmp_path_factory.mktemp("fuzz"), visits_data()
    model = build_model(data, Schedule(1, 1, 1), hidden=2, critics="conv").eval()
    export_model(model, data.transform, folder)
    content = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "WindowDataModule": data.state_dict(),
    }
    torch.save(content, folder / "a.ckpt")
    paths = [path for path in folder.iterdir() if path.name != "README.md"]
    return Files({path.name: path.read_bytes() for path in paths})


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB


def load_changed(files: Files, name: str, content: bytes) -> tuple[Networks, TableTransform] | None:
    """Load the model with one changed file; return None if it is refused."""
    with tempfile.TemporaryDirectory() as place:
        for other, known in files.items():
            (Path(place) / other).write_bytes(content if other == name else known)
        try:
            if not name.endswith(".ckpt"):
                return load_networks(place)
            model, columns = open_run(Path(place) / name)
            return networks(model), columns
        except InputError as error:
            assert 20 < len(str(error)) < 1_000  # noqa: PT017 - a message is what is promised
            return None


def check_bytes(files: Files, name: str, places: list[tuple[float, int]], cut: float) -> None:
    """Load a file with changed bytes and a cut end, and compare what is loaded."""
    content = bytearray(files[name])
    for place, value in places:
        content[int(place * len(content))] = value
    found = load_changed(files, name, bytes(content[: round(cut * len(content))]))
    if found is None:
        return
    same = load_changed(files, name, files[name])
    assert same is not None
    assert found[1].state() == same[1].state()
    for (key, have), want in zip(
        found[0].state_dict().items(), same[0].state_dict().values(), strict=True
    ):
        assert torch.equal(have, want), key


def check_fields(files: Files, place: int, value: Any) -> None:
    """Load a description in which one value was replaced, with the checksum of the result."""
    content = json.loads(files["model.json"])
    known = list(paths(content))
    *way, last = known[place % len(known)]
    inner = content
    for key in way:
        inner = inner[key]
    inner[last] = value
    if way != [] or last != "sha256":
        content["sha256"] = description_checksum(content)
    found = load_changed(files, "model.json", json.dumps(content).encode())
    if found is None:
        return
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found[1].to_frame(generate(*found, 1))
        except InputError:
            return


def paths(content: Any) -> Iterator[Leaf]:
    """Yield the paths of all values in a JSON document, of sections and lists too."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield (key,)
        if isinstance(value, dict | list):
            for way in paths(value):
                yield (key, *way)


BYTES: dict[str, Any] = {
    "name": st.sampled_from(["model.json", "model.safetensors", "a.ckpt"]),
    "places": st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=3),
    "cut": st.just(1.0) | st.floats(0, 1),
}
FIELDS: dict[str, Any] = {"place": st.integers(0, 10_000), "value": st.sampled_from(STRANGE)}


@SHORT
@given(**BYTES)
@example(name="a.ckpt", places=[], cut=1.0)
def test_changed_bytes_change_nothing_or_are_refused(
    files: Files, name: str, places: list[tuple[float, int]], cut: float
) -> None:
    check_bytes(files, name, places, cut)


def test_all_of_a_column_is_tried(files: Files) -> None:
    ways = list(paths(json.loads(files["model.json"])))
    places = [i for i, way in enumerate(ways) if {"jitter", "shares", "levels"} & {*way}]
    strange: tuple[Any, ...] = ([], {}, "__class__", 10**400)
    for place in places:
        for value in strange:
            check_fields(files, place, value)


@SHORT
@given(**FIELDS)
def test_a_strange_value_is_refused_or_does_no_harm(files: Files, place: int, value: Any) -> None:
    check_fields(files, place, value)


@pytest.mark.slow
@LONG
@given(**BYTES)
def test_changed_bytes_at_length(
    files: Files, name: str, places: list[tuple[float, int]], cut: float
) -> None:
    check_bytes(files, name, places, cut)


@pytest.mark.slow
def test_strange_values_in_every_place(files: Files) -> None:
    for place in range(len(list(paths(json.loads(files["model.json"]))))):
        for value in STRANGE[place % 3 :: 3]:  # all of them, 21,000 cases, take 19 minutes
            check_fields(files, place, value)
