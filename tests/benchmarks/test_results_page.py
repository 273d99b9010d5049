"""The page of results shows what the files of results say."""

from benchmarks.results import EXPLANATION, SCORES
from benchmarks.results_page import costs, picture, read, tables, with_tables
from timegan.report.figures.picture import png

BLOCKS = read(SCORES / "results.csv")


def test_the_tables_of_the_page_are_those_of_the_committed_scores() -> None:
    page = (EXPLANATION / "results.md").read_text(encoding="utf-8")
    made = tables(BLOCKS, costs(SCORES / "results.md"))
    assert len(made) == 4
    assert with_tables(page, made) == page


def test_the_picture_has_a_row_for_each_data_set_and_window() -> None:
    figure = picture(BLOCKS)
    assert png(figure).startswith(b"\x89PNG")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == len({p[:2] for p in BLOCKS if p[2] == "published"})
