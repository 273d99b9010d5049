"""The page in a real browser: nothing complains, every graph is drawn, the verdict can be read."""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import quick_records as quick
from timegan.metrics.windows import Array
from timegan.report.page import write_report

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on the path: apt install chromium"),
]

NAMES = ["a <b>", "{{b}} $x$", "c"]
# What a reader would see and do, once the page says that it has drawn all.
PROBE = """
<script type="module">
const root = document.documentElement;
const live = () => root.classList.contains("live");
for (let wait = 0; wait < 600 && live() && !root.dataset.drawn; wait++) {
    await new Promise((done) => setTimeout(done, 100));
}
const size = (part) => { const r = part.getBoundingClientRect(); return [r.width, r.height]; };
const visible = (part) => part.checkVisibility({ opacityProperty: true });
const plots = [...document.querySelectorAll(".plot")].filter(visible);
const ink = (plot) => plot.querySelectorAll(
    ".scatterlayer path, .heatmaplayer image, .gl-container canvas").length;
const column = (table) => [...table.tBodies[0].rows].map((row) => row.cells[1].dataset.value);
const scores = document.querySelector("#scores ~ .card table");
const [before] = [column(scores)];
scores.querySelectorAll("th button")[1]?.click();
const figure = document.querySelector("#figure-density");
const shown = () => figure.querySelector(".plot").data?.filter((trace) => trace.visible).length;
const [both] = [shown()];
figure.querySelector("[data-side=synthetic]").click();
await new Promise((done) => setTimeout(done, 500));
const found = {
    drawn: Number(root.dataset.drawn),
    plots: plots.length,
    blank: plots.filter((plot) => !ink(plot) || Math.min(...size(plot)) < 100).map((p) => p.id),
    verdict: visible(document.querySelector(".overall, #verdict"))
        && document.querySelector(".overall, #verdict").getBoundingClientRect().top + scrollY < 400,
    words: document.querySelector("#verdict").innerText,
    dark: getComputedStyle(document.body).backgroundColor,
    pictures: [...document.querySelectorAll(".picture")].filter(visible).length,
    width: [root.scrollWidth, innerWidth],
    before: before.map(Number),
    sorted: column(scores).map(Number),
    sides: [both, shown()],
    buttons: [...new Set(
        [...document.querySelectorAll(".modebar-btn")].map((b) => b.dataset.title))],
    names: document.querySelector("#correlation_matrix-0").textContent,
};
root.dataset.found = JSON.stringify(found);
</script>
"""


def walks(count: int, seed: int, features: int = 3, steps: int = 12) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, steps, features)).cumsum(axis=1)
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a report with a script that examines it."""
    folder = tmp_path_factory.mktemp("run")
    real, fake = walks(40, 0), walks(50, 1)
    path = write_report(
        folder,
        metrics=quick(real, None, fake, NAMES, classifier_steps=2, classifiers=1),
        train=real,
        holdout=None,
        synthetic=fake,
        features=NAMES,
        config_yaml="seed: 0",
        command="python train.py",
    )
    html = path.read_text(encoding="utf-8")
    path.write_text(html.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    return path


def visit(page: Path, folder: Path, *options: str) -> tuple[dict[str, Any], list[str]]:
    """Return the findings of that script, and the console's messages."""
    assert BROWSER is not None
    run = subprocess.run(
        [
            BROWSER,
            *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync"),
            *("--disable-background-networking", "--disable-component-update"),
            *("--use-angle=swiftshader", "--enable-unsafe-swiftshader"),  # WebGL without a GPU
            *("--enable-logging=stderr", "--virtual-time-budget=60000", "--dump-dom"),
            f"--user-data-dir={folder}",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"HOME": str(folder)},
    )
    found = re.search(r'<html[^>]* data-found="([^"]*)"', run.stdout)
    assert found, run.stderr[-2_000:]
    console = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(unescape(found[1])), console


def test_the_page_draws_every_graph_without_a_complaint(page: Path, tmp_path: Path) -> None:
    found, console = visit(page, tmp_path, "--window-size=1200,900")
    # Plotly reads back a canvas once to measure letters, which Chromium would like hinted.
    assert [line for line in console if "willReadFrequently" not in line] == []
    assert found["plots"] == found["drawn"] > 20
    assert found["blank"] == []
    assert found["pictures"] == 0
    assert found["verdict"]
    assert "Does it copy?" in found["words"]
    assert found["sorted"] == sorted(found["before"])
    assert found["sides"] == [2, 1]
    assert set(found["buttons"]) == {
        *("Download plot as a PNG", "Zoom", "Pan", "Reset axes"),
        *("Orbital rotation", "Reset camera to default"),
    }  # and none that sends the data to somebody
    for name in NAMES:
        assert name in found["names"]


def test_the_page_fits_a_phone_by_night_that_has_no_webgl(page: Path, tmp_path: Path) -> None:
    options = ("--window-size=390,844", "--blink-settings=preferredColorScheme=0")
    found, _ = visit(page, tmp_path, *options, "--disable-3d-apis")
    assert found["width"][0] <= found["width"][1]
    assert found["blank"] == []
    assert found["verdict"]
    assert found["dark"] == "rgb(15, 17, 22)"
    assert found["pictures"] == 1  # of what a browser without WebGL cannot draw


def test_where_the_script_fails_the_page_shows_pictures(page: Path, tmp_path: Path) -> None:
    html = page.read_text(encoding="utf-8")
    broken = html.replace("    start().catch(", "    Promise.reject(new Error('old')).catch(")
    assert broken != html
    still = tmp_path / "still.html"
    still.write_text(broken, encoding="utf-8")
    found, console = visit(still, tmp_path)
    assert "old" in "".join(console)
    assert found["plots"] == 0
    assert found["pictures"] == 10
    assert found["verdict"]
