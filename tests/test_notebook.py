"""The notebooks run from top to bottom, and are kept without outputs."""

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"


@pytest.fixture(params=["quickstart", "tables"])
def notebook(request: pytest.FixtureRequest) -> Any:
    path = FOLDER / f"{request.param}.ipynb"
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


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
    assert results[-1] == "True"  # what the last cell of each checks
    errors = [o for c in notebook.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]
    assert errors == [], f"{sys.executable}: {errors}"
