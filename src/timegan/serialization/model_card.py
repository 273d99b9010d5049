"""The model card: training data, scores, limitations and use of an exported model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timegan.files import write_text
from timegan.metrics.score import Score
from timegan.serialization.training_position import TrainingPosition

CARD_FILE = "README.md"
CARD_VERSION = 1
"""Version of the layout of the card."""

LIMITATIONS = """\
- The scores compare windows of the model's length. Longer series are not evaluated.
- A score at its baseline means that this test found no difference. Other tests may find one. Rare
  events, and dependence on columns outside the table, are hardly tested.
- There is no privacy guarantee: training does not bound the influence of a single row. Read the
  test for copies in the run's report before you publish samples of sensitive data.
- `model.json` holds no rows. It holds the parameters of the column transforms: smallest and largest
  values, quantiles, names of categories, constraints, and the times at which sequences start.
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
        folder: of the model; programs in it are listed.
        description: the content of ``model.json``.
        metrics: the content of ``metrics.json``; None: the model was not evaluated.
        overwrite: replace an existing ``README.md``.

    Raises:
        InputError: ``README.md`` exists and ``overwrite`` is off, or it cannot be written.
    """
    programs = [name for name in ("model.onnx", "model.pt2") if (folder / name).is_file()]
    text = render_card(description, metrics or {}, programs)
    write_text(folder / CARD_FILE, text, overwrite=overwrite)


def render_card(
    description: Mapping[str, Any], metrics: Mapping[str, Any], programs: list[str] | None = None
) -> str:
    """Return the text of the card."""
    parts = [
        f"# {_cell(metrics.get('data', {}).get('name') or 'A table')}: a TimeGAN",
        f"Card {CARD_VERSION}, model format {description['format']}, made by timegan "
        f"{description['timegan']}.",
        _training_section(description),
        _data_section(description, metrics.get("data") or {}),
        _scores_section(metrics),
        f"## Limitations\n\n{LIMITATIONS}",
        _sampling_section(description, programs or []),
        _config_section(description),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _training_section(description: Mapping[str, Any]) -> str:
    position = TrainingPosition.from_dict(description["unfinished"])
    if position is None:
        return ""
    return (
        f"**Unfinished:** this model was exported from {position}. Samples of the finished model "
        "differ."
    )


def _data_section(description: Mapping[str, Any], data: Mapping[str, Any]) -> str:
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


def _scores_section(metrics: Mapping[str, Any]) -> str:
    scores = metrics.get("scores") or {}
    if not scores:
        return "## Scores\n\nNone: this model was not evaluated."
    rows = []
    for name, score in scores.items():
        baseline = score.baseline or Score()
        rows.append(
            [name, _format_score(score), _format_score(baseline), score.better, score.reason]
        )
    protocol = (metrics.get("protocol") or {}).get("evaluation")
    copying = (metrics.get("copying") or {}).get("sentence") or ""
    return (
        f"## Scores\n\nProtocol `{protocol}`. The baseline is the score of real data "
        "in place of the synthetic data.\n\n"
        + _table(["score", "model", "baseline", "better", "remark"], rows)
        + (f"\n\nCopies: {copying}" if copying else "")
    )


def _sampling_section(description: Mapping[str, Any], programs: list[str]) -> str:
    text = (
        "## Sampling\n\nSampling needs neither the training data nor Lightning or Hydra:\n\n"
        "```python\nfrom timegan.sampling.sequences import generate\n"
        "from timegan.serialization.model_folder import load_networks\n\n"
        'model, transform = load_networks("FOLDER")\n'
        "frame = transform.to_frame(generate(model, transform, 1000, seed=0))\n```\n\n"
        "or `timegan sample run=FOLDER count=1000 out=synthetic.csv`."
    )
    if not programs:
        return text
    uniform = description["hyper_parameters"].get("noise_distribution") == "uniform"
    noise = "uniform from 0 to 1" if uniform else "standard normal"
    return text + (
        f"\n\n## Other engines\n\n{' and '.join(f'`{name}`' for name in programs)}: from noise to "
        "channels, for any number of sequences. Inputs: `z` (batch, steps, noise) and "
        f"`z_static` (batch, noise), {noise}; `context` (batch, channels) and `exogenous` "
        f"(batch, steps, "
        "channels) where the model has them, NaN where the model samples them. Outputs, in "
        "order: `x` (batch, steps, channels), then `lengths`, `context` and `exogenous` where "
        "they exist.\n\nChannels are encoded. `columns` in `model.json` holds the parameters of "
        "the inverse transform; with timegan:\n\n"
        "```python\nimport json\nfrom timegan.transforms.table_transform import TableTransform\n\n"
        'transform = TableTransform.from_state(json.load(open("model.json"))["columns"])\n'
        "static, lengths = transform.inverse_transform_static(context)  # with a context\n"
        "made = transform.inverse_transform(x, lengths, static, exogenous)\n"
        "frame = transform.to_frame(made)\n```"
    )


def _config_section(description: Mapping[str, Any]) -> str:
    config = description.get("config") or description["hyper_parameters"]
    return f"## Config\n\n```json\n{json.dumps(config, indent=2, default=str)}\n```"


def _format_score(score: Score) -> str | None:
    if score.mean is None:
        return None
    return f"{score.mean:.4g}" + (f" ± {score.std:.2g}" if score.std else "")


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    """Return a value as text that neither breaks the table nor adds markup."""
    text = "" if value is None else " ".join(str(value).split())
    return text.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
