"""Scores of any two tables, whichever tool made the synthetic one."""

from typing import Any

import timegan
from timegan.data.simulated import salary


def main(people: int = 500, **options: Any) -> dict[str, Any]:
    """Compare careers with other careers, and with noisy ones; print both beside the baseline."""
    real, good = salary(people, seed=0), salary(people, seed=1)
    bad = good.assign(Salary=good["Salary"].sample(frac=1, random_state=0).to_numpy())
    found = {}
    for name, synthetic in {"good": good, "bad": bad}.items():
        card = timegan.evaluate(
            real, synthetic, protocol="quick", sequence_key="sequence", **options
        )
        found[name] = card["scores"]
    for metric, score in found["good"].items():
        print(metric, score["better"], score["mean"], found["bad"][metric]["mean"], sep=" | ")
    return found


if __name__ == "__main__":
    main()
