"""Pages of the site that follow from the code: configuration keys, commands, metrics, changelog."""

import html
import importlib
import math
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from timegan.cli.main import COMMANDS
from timegan.metrics.metric import Metric, all_metrics
from timegan.metrics.protocols import PROTOCOLS
from timegan.report.tables import CONTROLS

ROOT = Path(__file__).parents[1]
HIDDEN = ("defaults", "hydra.help", "hydra.output_subdir", "override")
"""Beginnings of keys that users do not set."""
WIDTH, LINE = 760, 22
"""Width of the picture of the packages, and height of its lines."""

CONFIGURATION = """\
# Configuration keys

The keys of all commands with their defaults, from the files of `conf/`. `null` stands for a value
that follows from the data, or that is not set. Arguments of `Synthesizer` have the names of the
keys of `dataset`, `model` and `trainer`, without the group.

- `python train.py dataset.window=48 model.hidden=64` sets keys.
- `python train.py model=reference` takes `conf/model/reference.yaml` for the group `model`.
- `python train.py --cfg job` prints the configuration of a run.
"""
COMMAND_LINE = """\
# Commands

An installed package has `timegan COMMAND`. In the repository, `python train.py`, `sample.py`,
`complete.py`, `evaluate.py` and `export.py` are the same commands.
[Configuration keys](config.md) explains every key.

| exit status | meaning |
| --- | --- |
| 0 | done |
| 1 | nothing could be measured, or an error that nobody expected |
| 2 | wrong input, or training that cannot continue ([errors](../reference/errors.md)) |
| 130 | stopped by Ctrl-C |
"""
METRICS = """\
# Metrics

Every score of `metrics.json`, from the record that measures it.
[Evaluation](../explanation/evaluation.md) says which protocol to take,
[the verdict](../explanation/verdict.md) how scores become grades.

Bars are means over what is not averaged yet: features $c$, pairs $i, j$, lags $l$ or windows.
$R$ and $S$ are real and synthetic windows, $\\Delta$ changes from step to step. *Perfect* is the
best value of the formula. What a perfect model reaches is the baseline, the same score of another
real sample.

| score | key | better | perfect | protocols |
| --- | --- | --- | --- | --- |"""


def configuration(folder: Path = ROOT / "conf") -> str:
    """Return a page with a table of keys for each YAML file, from the comments in the files."""
    page = [CONFIGURATION]
    for file in sorted(
        folder.rglob("*.yaml"), key=lambda f: (f.parent != folder, f.name != "train.yaml", str(f))
    ):
        text = file.read_text(encoding="utf-8")
        rows = key_rows(text, _prefix(file.relative_to(folder), text))
        if rows:
            about = [line[2:] for line in text.splitlines() if re.match(r"# (?!@)", line)]
            lead = " ".join(
                about[: next((i for i, a in enumerate(about) if a[-1:] in ".:)"), 0) + 1]
            )
            page += [f"## {file.relative_to(folder)}", "", lead, ""]
            page += ["| key | default | meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(page)


def _prefix(file: Path, text: str) -> str:
    """Return what stands before the keys of a file on the command line."""
    package = re.match(r"# @package (\S+)", text)
    if package:
        return "" if package[1] == "_global_" else f"{package[1]}."
    return "".join(f"{part}." for part in file.parts[:-1])


def key_rows(text: str, prefix: str = "") -> list[str]:
    """Return a row for each key of a YAML text that has a value or a comment.

    >>> key_rows("a: # outer\\n  b: 1 # inner")
    ['| `a` |  | outer |', '| `a.b` | `1` | inner |']
    """
    path: list[tuple[int, str]] = []
    rows = []
    for line in text.splitlines():
        match = re.match(r"( *)([\w./@]+):(?: +([^#\s].*?))?(?: +# (.*))?$", line)
        if match is None:
            continue
        path = [*((depth, name) for depth, name in path if depth < len(match[1]))]
        path.append((len(match[1]), match[2]))
        key = prefix + ".".join(name for _, name in path)
        is_shown = not key.startswith(HIDDEN) and not key.endswith(".defaults")
        if is_shown and (match[3] or match[4]):
            value = f"`{match[3]}`" if match[3] else ""
            cells = (f"`{key}`", value, match[4] or "")
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return rows


def commands() -> str:
    """Return a page with the help of each command, as the command prints it."""
    page = [COMMAND_LINE]
    for command, what in COMMANDS.items():
        page += [f"## timegan {command}", "", f"{what.capitalize()}.", ""]
        page += ["```text", help_text(command), "```", ""]
    return "\n".join(page)


def help_text(command: str) -> str:
    """Return what `timegan COMMAND --help` prints."""
    call = "import sys; from timegan.cli.main import main; sys.argv[0] = 'timegan'; main()"
    done = subprocess.run(
        [sys.executable, "-c", call, command, "--help"],
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def metrics() -> str:
    """Return a page with a table for each metric, from its record."""
    page = [METRICS]
    found = all_metrics()
    for metric in found.values():
        link = f"[{metric.title}](#{anchor(metric.title)})"
        cells = (link, f"`{metric.name}`", metric.better, perfect(metric), protocols(metric))
        page.append("| " + " | ".join(cells) + " |")
    page += ["", "## Controls", ""]
    page += [
        "Data with a known fault. A score that takes them for real has no power on a table.",
        "",
    ]
    page += ["| control | data |", "| --- | --- |"]
    page += [f"| {title} (`{name}`) | {what} |" for name, (title, what) in CONTROLS.items()]
    for metric in found.values():
        page += ["", f"## {metric.title}", "", metric.meaning, "", *_facts(metric)]
    return "\n".join([*page, ""])


def anchor(title: str) -> str:
    """Return the address of a heading within its page.

    >>> anchor("TSTR, one step ahead")
    'tstr-one-step-ahead'
    """
    return re.sub(r"[^\w-]", "", title.lower().replace(" ", "-"))


def protocols(metric: Metric) -> str:
    """Return the protocols that measure a metric."""
    return ", ".join(
        f"`{name}`"
        for name, protocol in PROTOCOLS.items()
        if name != "smoke" and metric.name in (m.name for m in protocol.metrics)
    )


def perfect(metric: Metric) -> str:
    """Return what a perfect generator would get."""
    return f"{metric.perfect:g}" if math.isfinite(metric.perfect) else "never"


def _facts(metric: Metric) -> list[str]:
    needs = metric.needs
    least = [
        f"{count} {what}"
        for count, what in (
            (needs.windows, "windows"),
            (needs.steps, "steps"),
            (needs.features, "features"),
        )
        if count > 1
    ]
    facts = {
        "key in `metrics.json`": f"`{metric.name}`",
        "formula": f"${metric.formula}$".replace("|", r"\vert "),
        "range": metric.values,
        "better": f"{metric.better}; perfect: {perfect(metric)}",
        "protocols": protocols(metric),
        "tested on": "windows that no model has learned" if metric.uses_unseen else "",
        "asks for": "copies of training windows" if metric.is_privacy else "",
        "needs": ", ".join(least),
        "options": ", ".join(f"`{option}`" for option in metric.options),
        "source": metric.source,
        "cannot see": metric.cannot_see,
    }
    return ["| | |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in facts.items() if v)]


def packages() -> str:
    """Return a picture of the packages in their layers, with the first sentence of each."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = config["tool"]["importlinter"]["contracts"][0]["layers"]
    shapes, y = [], 0
    for number, layer in enumerate(layers):
        names = layer.split(" | ")
        height = LINE * len(names) + 12
        shapes.append(
            f'<rect x="0" y="{y}" width="{WIDTH}" height="{height}" rx="6" class="layer"/>'
        )
        for place, name in enumerate(names):
            about = (importlib.import_module(f"timegan.{name}").__doc__ or "").split("\n")[0]
            line = y + LINE * place + 20
            shapes.append(f'<text x="14" y="{line}" class="name">{name}</text>')
            shapes.append(f'<text x="130" y="{line}">{html.escape(about.rstrip("."))}</text>')
        y += height
        if number < len(layers) - 1:
            shapes.append(f'<path d="M 60 {y + 1} v 9 m -4 -4 l 4 4 l 4 -4" class="arrow"/>')
            y += 12
    size = f'viewBox="0 0 {WIDTH} {y}" role="img" aria-label="Packages of timegan in layers"'
    opening = f'<div class="picture"><svg {size} class="packages">'
    return "\n".join([opening, *shapes, "</svg></div>", ""])


def changelog() -> str:
    """Return CHANGELOG.md."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


PAGES = {
    "config.md": configuration,
    "commands.md": commands,
    "metrics.md": metrics,
    "changelog.md": changelog,
    "packages.svg": packages,
}
"""Name of a file in docs/_generated -> function that returns its content."""
