"""The model card: what a model was trained on, how good it is, what that does not say."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timegan.files import write_text
from timegan.metrics.score import Score

NAME = "README.md"
VERSION = 1
"""Of the card's form."""

LIMITS = """\
- The scores compare windows of the model's length. They say nothing of longer series.
- A score at its baseline says that one classifier found no difference, not that there is none. Rare
  events, and what depends on columns that are not in the table, are hardly tested.
- No privacy is promised: nothing in training bounds what one row can leave in the weights. Look at
  the check for copies in the run's report before you publish samples of sensitive data.
- `model.json` holds no rows, but it does hold what the columns' transforms need: smallest and
  largest values, quantiles, names of categories, constraints, and the times at which sequences
  start.
"""


def write_card(
    folder: Path,
    description: Mapping[str, Any],
    metrics: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write ``README.md`` beside an exported model.

    Args:
        folder: of the model; the programs in it are mentioned.
        description: the content of ``model.json``.
        metrics: the content of ``metrics.json``; None: the model was not measured.
        overwrite: replace an existing ``README.md``.

    Raises:
        InputError: there is a ``README.md`` and ``overwrite`` is off, or it cannot be written.
    """
    programs = [name for name in ("model.onnx", "model.pt2") if (folder / name).is_file()]
    text = card(description, metrics or {}, programs)
    write_text(folder / NAME, text, overwrite=overwrite)


def card(
    description: Mapping[str, Any], metrics: Mapping[str, Any], programs: list[str] | None = None
) -> str:
    """The text of the card."""
    parts = [
        f"# {_cell(metrics.get('data', {}).get('name') or 'A table')}: a TimeGAN",
        f"Card {VERSION}, model format {description['format']}, made by timegan "
        f"{description['timegan']}.",
        _data(description, metrics.get("data") or {}),
        _scores(metrics),
        f"## Limits\n\n{LIMITS}",
        _sampling(description, programs or []),
        _config(description),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _data(description: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    types = data.get("column_types") or {}
    columns = description["columns"]
    rows: list[list[Any]] = [
        ["columns", ", ".join(map(str, description["features"]))],
        ["window", f"{description['window']} steps"],
        ["columns per sequence", ", ".join(map(str, data.get("context") or [])) or None],
        ["sequences of different lengths", "yes" if columns["variable"] else "no"],
        *([name, data.get(key)] for name, key in _COUNTS.items()),
        ["fingerprint", description.get("fingerprint")],
    ]
    text = "## Data\n\n" + _table(["", ""], [row for row in rows if row[1] is not None])
    if types:
        text += "\n\n" + _table(["column", "type"], [list(pair) for pair in types.items()])
    return text


_COUNTS = {
    "rows": "rows",
    "sequences": "sequences",
    "training windows": "windows",
    "held-out windows": "holdout_windows",
    "held out": "split",
}


def _scores(metrics: Mapping[str, Any]) -> str:
    scores = metrics.get("scores") or {}
    if not scores:
        return "## Scores\n\nNone: this model was not measured."
    rows = []
    for name, score in scores.items():
        baseline = score.baseline or Score()
        rows.append([name, _figure(score), _figure(baseline), score.better, score.reason])
    protocol = (metrics.get("protocol") or {}).get("evaluation")
    copying = (metrics.get("copying") or {}).get("sentence") or ""
    return (
        f"## Scores\n\nProtocol `{protocol}`. The baseline is what another sample of the real data "
        "gets in the place of the synthetic one.\n\n"
        + _table(["score", "model", "baseline", "better", "remark"], rows)
        + (f"\n\nCopies: {copying}" if copying else "")
    )


def _sampling(description: Mapping[str, Any], programs: list[str]) -> str:
    text = (
        "## Sampling\n\nNeither the training data nor Lightning or Hydra are needed:\n\n"
        "```python\nfrom timegan.sampling.sequences import generate\n"
        "from timegan.serialization.model_folder import load_networks\n\n"
        'model, transform = load_networks("FOLDER")\n'
        "frame = transform.to_frame(generate(model, transform, 1000, seed=0))\n```\n\n"
        "or `timegan-sample run=FOLDER count=1000 out=synthetic.csv`."
    )
    if not programs:
        return text
    uniform = description["hyper_parameters"].get("noise_distribution") == "uniform"
    noise = "uniform from 0 to 1" if uniform else "standard normal"
    return text + (
        f"\n\n## Other engines\n\n{' and '.join(f'`{name}`' for name in programs)}: noise to "
        "channels, the number of sequences is open. Inputs: `z` (batch, steps, noise) and "
        f"`z_static` (batch, noise), {noise}; `context` (batch, channels) and `exogenous` "
        f"(batch, steps, "
        "channels) where the model has them, NaN where it is to make them itself. Outputs, in "
        "order: `x` (batch, steps, channels), then `lengths`, `context` and `exogenous` where "
        "they exist.\n\nChannels are not yet the table's units. The constants of the way back are "
        "`columns` in `model.json`; with timegan:\n\n"
        "```python\nimport json\nfrom timegan.transforms.table_transform import TableTransform\n\n"
        'transform = TableTransform.from_state(json.load(open("model.json"))["columns"])\n'
        "static, lengths = transform.inverse_transform_static(context)  # with a context\n"
        "made = transform.inverse_transform(x, lengths, static, exogenous)\n"
        "frame = transform.to_frame(made)\n```"
    )


def _config(description: Mapping[str, Any]) -> str:
    config = description.get("config") or description["hyper_parameters"]
    return f"## Config\n\n```json\n{json.dumps(config, indent=2, default=str)}\n```"


def _figure(score: Score) -> str | None:
    if score.mean is None:
        return None
    return f"{score.mean:.4g}" + (f" ± {score.std:.2g}" if score.std else "")


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    """A value that cannot break the table or bring markup of its own."""
    text = "" if value is None else " ".join(str(value).split())
    return text.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
