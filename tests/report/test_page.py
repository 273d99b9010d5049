"""The page: complete, self-contained, strict about its input, and never half written."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from plotly.offline import get_plotlyjs

from tests.metrics.cards import quick_records as quick
from timegan.errors import InputError
from timegan.metrics.windows import Array
from timegan.report import page
from timegan.report.figures.plots import plots
from timegan.report.figures.theme import LIGHT
from timegan.report.page import write_report


def walks(count: int, seed: int, features: int, steps: int = 8) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, steps, features)).cumsum(axis=1) * 1e4
    return found


def write(folder: Path, features: list[str], count: int = 30, **options: Any) -> str:
    real, fake = (walks(n, seed, len(features)) for n, seed in ((count, 0), (40, 1)))
    metrics = quick(real, None, fake, features, classifier_steps=2, classifiers=1)
    metrics |= options.pop("metrics", {})
    path = write_report(
        folder,
        metrics=metrics,
        train=real,
        holdout=None,
        synthetic=fake,
        features=features,
        config_yaml=options.pop("config_yaml", "seed: 0\nmodel:\n  hidden: 24\n"),
        command="python train.py dataset=csv dataset.path='a b.csv'",
        **options,
    )
    assert path == folder / "report.html"
    return read(path)


def read(path: Path) -> str:
    """Return the page without plotly.js."""
    html = path.read_text(encoding="utf-8")
    assert html.count(get_plotlyjs()) == 1
    return html.replace(get_plotlyjs(), "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write(folder, ["Pay <in $>", "Age", "Ünits"], warnings=["Look & see."])
    return folder


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return read(folder / "report.html")


def without_base64(html: str) -> str:
    return re.sub(r'base64,[A-Za-z0-9+/=]+|"bdata":"[^"]*"', "", html)


class Balance(HTMLParser):
    """Fails on a tag that closes another than the one that is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_html(html: str) -> None:
    parser = Balance()
    parser.feed(html)
    assert parser.open == []


def test_the_page_needs_nothing_else(html: str) -> None:
    sources = re.findall(r'(?:src|srcset|href)="([^"#]{1,40})', html)
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert "http" not in without_base64(html).replace("http-equiv", "")
    assert "default-src 'none'" in html


def test_the_verdict_stands_before_the_figures(html: str) -> None:
    verdict = html.index('id="verdict"')
    assert html.index("Look &amp; see.") < verdict < html.index("<img")
    assert "Does it copy?" in html
    assert "Discriminative score" in html


def test_names_are_escaped_and_numbers_are_for_people(html: str) -> None:
    assert "Pay &lt;in $&gt;" in html
    assert "Pay <in" not in html
    assert "Ünits" in html
    assert "hidden: 24" in html
    assert "a b.csv" in html
    assert not re.search(r"\bnan\b", without_base64(html).replace("isNaN", "").lower())


def test_every_figure_is_a_file_and_on_the_page_as_a_picture_and_as_graphs(
    folder: Path, html: str
) -> None:
    names = {path.stem for path in (folder / "figures").glob("*.png")}
    assert names == {
        "samples",
        "density",
        "statistics",
        "projection",
        "changes",
        "autocorrelation",
        "spectrum",
        "correlation",
        "correlation_matrix",
        "trajectories",
    }
    for name in names:
        assert f'id="{name}"' in html
        assert f'id="{name}-0"' in html
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(code)))
        for code in re.findall(r"base64,([A-Za-z0-9+/=]+)", html)
    ]
    assert len(pictures) == len(names)
    corners = {to_hex(np.asarray(p.convert("RGB"))[0, 0] / 255) for p in pictures}
    assert corners == {LIGHT.surface}
    content = re.search(r'id="graphs">(.*?)</script>', html)
    assert content is not None
    graphs = json.loads(content[1])["graphs"]
    assert set(re.findall(r'class="plot" id="([^"]+)"', html)) == set(graphs)


def test_the_page_is_small(folder: Path) -> None:
    assert (folder / "report.html").stat().st_size < 8e6


def test_one_feature_and_six_windows_make_a_page(tmp_path: Path) -> None:
    html = write(tmp_path, ["only"], count=6)
    assert "6 training windows are too few" in html
    assert "Not measured: 6 windows are too few: a classifier needs 20" in html
    names = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert "correlation" not in names


def test_many_features_are_chosen_from_and_the_caption_says_so() -> None:
    features = [f"feature {n}" for n in range(28)]
    real, fake = walks(30, 0, 28), walks(30, 1, 28)
    captions = {plot.name: plot.caption for plot in plots({}, real, fake, features)}
    assert "Of 28 columns the 6 are shown whose densities differ most" in captions["samples"]
    assert "Of 28 columns the 12 are shown" in captions["density"]
    assert "Of 378 pairs 6 are shown" in captions["correlation"]


def test_what_a_run_knows_of_itself_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "plots", lambda *_: [])
    metrics = {
        "data": {"name": "careers"},
        "training": {"seconds": 100, "parameters": 12_345},
        "protocol": {"evaluation": "quick", "seed": 7},
    }
    html = write(tmp_path, ["only"], metrics=metrics, config_yaml="")
    assert "<title>careers: synthetic against real</title>" in html
    assert "1 min 40 s" in html
    assert "12,345 parameters" in html
    assert "Evaluation: quick, seed 7." in html
    assert "Configuration" not in html


def test_a_failed_write_leaves_the_old_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="no room on the disk"):
        write(tmp_path, ["only"], overwrite=True)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.rglob("*")] == ["report.html", "figures"]


def test_windows_that_do_not_match_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="features"):
        write_report(
            tmp_path,
            metrics={},
            train=walks(5, 0, 2),
            holdout=None,
            synthetic=walks(5, 0, 3),
            features=["a", "b"],
            config_yaml="",
            command="",
        )
    assert list(tmp_path.iterdir()) == []
