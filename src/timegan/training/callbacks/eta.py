"""How long a run still takes, when the phases' batches cost very different amounts of time."""

from collections.abc import Mapping

from timegan.training.schedule import Phase, Schedule

ASSUMED: Mapping[Phase, float] = {Phase.AUTOENCODER: 1.0, Phase.SUPERVISED: 1.0, Phase.JOINT: 10.0}
"""What a batch costs relative to one of the autoencoder's, where nothing has been measured."""


class Clock:
    """Counts batches and seconds by phase, and tells the time left for the whole run.

    A phase's first batch in a process is left out of its measure, for it warms up caches and
    allocators. Batches of phases to come are priced by the measured phases and ``ASSUMED``.

    >>> clock = Clock(Schedule(autoencoder=1, supervised=0, joint=1), batches=10)
    >>> for _ in range(5):
    ...     clock.tick(0, seconds=0.1)
    >>> round(clock.left, 3)  # five batches of .1 s, and ten of ten times as much
    10.5
    """

    def __init__(self, schedule: Schedule, batches: int) -> None:
        self.schedule = schedule
        self.batches = batches
        self.done = dict.fromkeys(Phase, 0)
        self.first = dict.fromkeys(Phase, 0.0)
        self.seconds = dict.fromkeys(Phase, 0.0)
        self.counted = dict.fromkeys(Phase, 0)

    def start(self, epoch: int, batch: int = 0) -> None:
        """Set the number of finished batches, at the start or after a resume."""
        for phase in Phase:
            before = self.schedule.phase_ends[phase] - self.schedule.epochs(phase)
            position = (epoch - before) * self.batches + batch
            self.done[phase] = min(max(position, 0), self.total(phase))

    def tick(self, epoch: int, seconds: float) -> None:
        """One more batch is over; it took ``seconds``."""
        phase = self.schedule.phase(epoch)
        if not self.first[phase]:
            self.first[phase] = seconds
        else:
            self.seconds[phase] += seconds
            self.counted[phase] += 1
        self.done[phase] += 1

    def total(self, phase: Phase) -> int:
        """Batches of the phase in the whole run."""
        return self.schedule.epochs(phase) * self.batches

    def cost(self, phase: Phase) -> float:
        """Return the seconds of a batch, measured or guessed from other phases; 0: unknown."""
        measured = {p: self.seconds[p] / n for p, n in self.counted.items() if n}
        if not measured:
            measured = {p: s for p, s in self.first.items() if s}
        if phase in measured:
            return measured[phase]
        # The nearest phase says most about the machine; the joint phase is last.
        return next((s * ASSUMED[phase] / ASSUMED[p] for p, s in reversed(measured.items())), 0.0)

    @property
    def known(self) -> bool:
        """Whether any batch has been measured yet."""
        return any(self.first.values())

    @property
    def left(self) -> float:
        """Seconds to the end of the last phase."""
        return sum(self.cost(p) * (self.total(p) - self.done[p]) for p in Phase)

    @property
    def share(self) -> float:
        """How much of the run's work is done, from 0 to 1."""
        cost = {p: self.cost(p) or ASSUMED[p] for p in Phase}
        total = sum(cost[p] * self.total(p) for p in Phase)
        return sum(cost[p] * self.done[p] for p in Phase) / total if total else 1.0


def clock_face(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any.

    >>> clock_face(190), clock_face(3 * 3600 + 62)
    ('03:10', '3:01:02')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"
