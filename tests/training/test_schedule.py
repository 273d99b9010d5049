"""The schedule gives every epoch its phase."""

import pytest

from timegan.errors import InputError
from timegan.training.schedule import Phase, Schedule


def test_every_epoch_belongs_to_the_phase_that_its_count_says() -> None:
    schedule = Schedule(autoencoder=2, supervised=1, joint=3)
    phases = [schedule.phase(epoch) for epoch in range(schedule.total)]
    assert phases == [Phase.AUTOENCODER] * 2 + [Phase.SUPERVISED] + [Phase.JOINT] * 3
    assert schedule.phase_ends == {Phase.AUTOENCODER: 2, Phase.SUPERVISED: 3, Phase.JOINT: 6}


def test_a_phase_of_no_epochs_is_left_out() -> None:
    schedule = Schedule(autoencoder=1, supervised=0, joint=1)
    assert [schedule.phase(epoch) for epoch in range(2)] == [Phase.AUTOENCODER, Phase.JOINT]


def test_progress_runs_from_0_to_1_in_each_phase() -> None:
    schedule = Schedule(autoencoder=2, supervised=1, joint=4)
    assert [schedule.progress(e) for e in (0, 0.5, 1, 2, 2.5, 3, 5, 6.99)] == pytest.approx(
        [0, 0.25, 0.5, 0, 0.5, 0, 0.5, 0.9975]
    )


@pytest.mark.parametrize(
    ("epoch", "cooling", "length"),
    [(7, 0.2, 10), (0, 0.2, 2), (7, 0.0, 9), (18, 0.2, 20), (19, 0.2, 20)],
)
def test_a_shortened_phase_keeps_a_share_to_cool_down_in_and_never_grows(
    epoch: int, cooling: float, length: int
) -> None:
    schedule = Schedule(autoencoder=3, supervised=20, joint=5, patience=2)
    shorter = schedule.shortened(3 + epoch, cooling)
    assert shorter == Schedule(autoencoder=3, supervised=length, joint=5, patience=2)
    assert shorter.phase(3 + length) is Phase.JOINT
    if epoch == 7:  # the learning rate goes on from a later place of the same curve
        assert schedule.progress(3 + 8) < shorter.progress(3 + 8) < 1


@pytest.mark.parametrize(
    ("counts", "words"),
    [((-1, 1, 1), ["model.schedule.autoencoder=-1", "Set 0"]), ((0, 0, 0), ["has no epochs"])],
)
def test_impossible_counts_are_refused(counts: tuple[int, int, int], words: list[str]) -> None:
    with pytest.raises(InputError) as error:
        Schedule(*counts)
    assert all(word in str(error.value) for word in words)


def test_more_windows_get_more_joint_training_within_limits() -> None:
    joint = [Schedule.for_data(n, 5, 50).joint for n in (6, 400, 2_000, 4_000, 10**7)]
    assert joint == sorted(joint)
    assert joint[0] < joint[2] < joint[-1] <= 100


def test_a_table_of_many_channels_gets_half_as_many_again() -> None:
    narrow, wide = (Schedule.for_data(10**7, channels, 50) for channels in (8, 9))
    assert (narrow.joint, wide.joint) == (80, 120)
    assert narrow.autoencoder == wide.autoencoder


def test_counts_that_are_given_stay_and_the_rule_fills_the_rest() -> None:
    rule = Schedule.for_data(900, 5, 50)
    given = Schedule.for_data(900, 5, 50, {"autoencoder": 7, "joint": None})
    assert given == Schedule(7, rule.supervised, rule.joint)
    assert Schedule.for_data(900, 5, 50, {"patience": 3}).patience == 3
    assert rule.patience is None
    with pytest.raises(InputError, match=r"patience=0: .* Set 1 or more"):
        Schedule.for_data(900, 5, 50, {"patience": 0})
    with pytest.raises(InputError, match="no such phase"):
        Schedule.for_data(900, 5, 50, {"adversarial": 1})
