"""The quickstart notebook runs from top to bottom, and is kept without outputs."""

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

PATH = Path(__file__).parents[1] / "notebooks" / "quickstart.ipynb"


@pytest.fixture
def notebook() -> Any:
    return nbformat.read(PATH, as_version=4)  # type: ignore[no-untyped-call]


def test_outputs_are_stripped(notebook: Any) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's client, not ours
def test_it_runs_from_top_to_bottom(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    for cell in notebook.cells:  # the story is the same in fewer epochs
        cell.source = cell.source.replace('"autoencoder": 8', '"autoencoder": 1')
        cell.source = cell.source.replace('"joint": 20', '"joint": 1')
    notebook.metadata["kernelspec"]["name"] = "python3"
    client = NotebookClient(
        notebook, timeout=1_200, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    results = [
        output["data"]["text/plain"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    assert results[-1] == "True"  # the model that was saved samples the same
    errors = [o for c in notebook.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]
    assert errors == [], f"{sys.executable}: {errors}"
