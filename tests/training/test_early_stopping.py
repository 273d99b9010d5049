"""Plateaus are found where a phase no longer improves."""

from timegan.training.early_stopping import MIN_DELTA, Plateau


def epochs(plateau: Plateau, phase: str, *means: float, patience: int = 2) -> list[bool]:
    found = []
    for mean in means:
        for value in (mean - 0.5, mean + 0.5):
            plateau.update(value)
        found.append(plateau.should_stop(phase, patience))
    return found


def test_so_many_epochs_without_a_better_one_are_a_plateau() -> None:
    assert epochs(Plateau(), "joint", 5, 4, 4, 3, 3, 3.1) == [False] * 5 + [True]


def test_less_than_the_margin_is_no_better() -> None:
    falling = [4 * (1 - MIN_DELTA / 2) ** n for n in range(3)]
    assert epochs(Plateau(), "joint", *falling) == [False, False, True]
    falling = [4 * (1 - MIN_DELTA * 2) ** n for n in range(9)]
    assert not any(epochs(Plateau(), "joint", *falling))


def test_a_value_that_is_no_number_is_no_better() -> None:
    assert epochs(Plateau(), "joint", 4, float("nan"), float("nan")) == [False, False, True]


def test_every_phase_begins_anew() -> None:
    plateau = Plateau()
    assert epochs(plateau, "autoencoder", 1, 1, 1) == [False, False, True]
    assert epochs(plateau, "supervised", 9, 9, 9) == [False, False, True]


def test_an_epoch_in_which_nothing_was_seen_decides_nothing() -> None:
    plateau = Plateau()
    assert epochs(plateau, "joint", 4) == [False]
    assert not plateau.should_stop("joint", 1)
    assert epochs(plateau, "joint", 4, patience=1) == [True]


def test_its_state_is_all_there_is() -> None:
    one, other = Plateau(), Plateau()
    epochs(one, "joint", 4, 4)
    one.update(4.0)
    other.load_state_dict(one.state_dict())
    assert other.should_stop("joint", 2) is one.should_stop("joint", 2) is True
