"""TimeGAN as a LightningModule: which networks learn what, and when."""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor

from timegan import losses
from timegan.distributed import gather, share, world
from timegan.errors import InputError
from timegan.model import Networks
from timegan.networks import Standardise, choose
from timegan.phases import Phase, Schedule
from timegan.ranges import check_ranges
from timegan.seeds import derive, generator

UPDATES = {
    "autoencoder": ("embedder", "recovery"),
    "supervised": ("supervisor",),
    "generator": ("generator", "supervisor"),
    "embedder": ("embedder", "recovery"),
    "discriminator": ("discriminator",),
}
"""The networks that each update trains; every update has an Adam of its own."""

NETWORKS = ("embedder", "recovery", "generator", "supervisor", "discriminator")


class TimeGAN(LightningModule):
    """Time-series generative adversarial network (Yoon, Jarrett, van der Schaar, NeurIPS 2019).

    A batch is a tensor (K, B, T, C): the K = ``generator_steps + 1`` fresh batches that a joint
    step wants; the other phases use the first. The defaults are the preset ``model=timegan``; the
    authors' code is another setting of the same arguments (``conf/model/reference.yaml``).

    Args:
        features: C, the number of features.
        window: T, the steps of a window.
        schedule: epochs of the three phases.
        seed: fixes the weights at the start and all noise.
        cell: ``gru`` or ``lstm``.
        hidden: width of the cells; the other widths are multiples of it.
        layers: stacked cells; the supervisor has one fewer, but at least one.
        noise: Z, noise channels a step; None: one a feature, and for ``path`` 8 to 32.
        static_noise: G, noise channels a sequence; None: two a feature, between 16 and 32, for
            ``path``, and none for ``recurrent``.
        noise_kind: ``normal`` or ``uniform`` (0 to 1).
        latent: H, channels of the latent space; None: one a feature.
        autoencoder: ``residual`` (single steps, near the identity) or ``recurrent``.
        supervisor: ``residual`` or ``recurrent``.
        generator: ``path`` (a level plus increments) or ``recurrent``.
        critics: ``conv``, ``dense``, ``recurrent``, or several joined by ``+``.
        increments: the critics see first differences too, and L_S is measured in their scale.
        adversarial: ``relativistic`` or ``bce``.
        generator_steps: generator updates for each update of the discriminator.
        joint_embedder: embedder and recovery go on learning in the joint phase.
        rest_threshold: the discriminator rests while its loss is below this; 0: never.
        lr: learning rate of Adam in the supervised and joint phases.
        autoencoder_lr: the same in the first phase.
        lr_end: share of the learning rate that a cosine leaves at the end of a phase.
        beta1: Adam's decay of the mean.
        beta2: Adam's decay of the square.
        grad_clip: largest norm of an update's gradient; 0: no clipping.
        ema: decay of the averaged generator and supervisor that sampling uses; 0: no average.
        root_losses: take roots of the squared errors, as the reference does.
        latent_noise: deviation of the noise on h that the recovery network learns to live with.
        reconstruction_weight: of L_R.
        embedder_supervised_weight: of L_S in the joint update of the embedder.
        supervised_weight: of L_S in the generator's update.
        moment_weight: of L_V.
        energy_weight: of the sliced energy distance.
        projections: directions of that distance.
        penalty_weight: of the critics' gradient penalties on real and synthetic windows.
        gamma: weight of what the critics say of e_hat, before the supervisor.
        log_every: batches between two log entries.
    """

    def __init__(
        self,
        features: int,
        window: int,
        schedule: Schedule | Mapping[str, int],
        *,
        seed: int = 0,
        cell: str = "gru",
        hidden: int = 64,
        layers: int = 1,
        noise: int | None = None,
        static_noise: int | None = None,
        noise_kind: str = "normal",
        latent: int | None = None,
        autoencoder: str = "residual",
        supervisor: str = "residual",
        generator: str = "path",
        critics: str = "conv+dense",
        increments: bool = True,
        adversarial: str = "relativistic",
        generator_steps: int = 2,
        joint_embedder: bool = False,
        rest_threshold: float = 0.0,
        lr: float = 1e-3,
        autoencoder_lr: float = 2e-3,
        lr_end: float = 0.05,
        beta1: float = 0.0,
        beta2: float = 0.99,
        grad_clip: float = 10.0,
        ema: float = 0.999,
        root_losses: bool = False,
        latent_noise: float = 0.05,
        reconstruction_weight: float = 1.0,
        embedder_supervised_weight: float = 0.0,
        supervised_weight: float = 1.0,
        moment_weight: float = 0.0,
        energy_weight: float = 10.0,
        projections: int = 128,
        penalty_weight: float = 0.5,
        gamma: float = 0.0,
        log_every: int = 50,
    ) -> None:
        super().__init__()
        schedule = asdict(schedule) if isinstance(schedule, Schedule) else dict(schedule)
        path = generator == "path"
        if noise is None:
            noise = min(max(features, 8), 32) if path else features
        if static_noise is None:
            static_noise = min(max(2 * features, 16), 32) if path else 0
        latent = features if latent is None else latent
        self.save_hyperparameters()
        check_ranges(self.hparams)
        self.weight: Any = self.hparams
        self.schedule = Schedule(**schedule)
        self.automatic_optimization = False
        self.draws = generator_steps + 1
        choose("model.adversarial", adversarial, losses.ADVERSARIAL)
        self.generator_loss, self.discriminator_loss = losses.ADVERSARIAL[adversarial]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "weights"))
            shapes = inspect.signature(Networks).parameters
            self.net = Networks(**{name: self.hparams[name] for name in shapes})
        self.updates = [name for name in UPDATES if name != "embedder" or joint_embedder]
        self.batch_idx = 0
        self.recent: dict[str, Tensor] = {}
        self.stretch: dict[str, list[Tensor]] = {}

    @property
    def parameter_count(self) -> int:
        """Parameters of the five networks, without the averages."""
        return sum(p.numel() for name in NETWORKS for p in getattr(self.net, name).parameters())

    @property
    def phase(self) -> Phase:
        """What the current epoch trains."""
        return self.schedule.phase(self.current_epoch)

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        """One step of the current phase on ``batch`` (K, B, T, C)."""
        match self.phase:
            case Phase.AUTOENCODER:
                self.update_autoencoder(batch[0])
            case Phase.SUPERVISED:
                self.update_supervisor(batch[0])
            case Phase.JOINT:
                *fresh, last = batch
                for draw, x in enumerate(fresh):
                    self.update_generator(x, draw)
                    if self.weight.joint_embedder:
                        self.update_embedder(x)
                self.update_discriminator(last, draw=len(fresh))

    def update_autoencoder(self, x: Tensor) -> None:
        """Teach embedder and recovery to give back what they saw."""
        with self.update("autoencoder") as descend:
            l_r = self.reconstruction(x, self.net.embedder(x))
            descend(l_r)
        self.note("autoencoder/reconstruction", l_r)

    def update_supervisor(self, x: Tensor) -> None:
        """Teach the supervisor the latent dynamics of real data."""
        with self.update("supervised") as descend:
            h = self.net.embedder(x)
            self.net.follow(gather(h))
            l_s = losses.supervised(h, self.net.supervisor(h), self.scale)
            descend(l_s)
        self.note("supervised/supervised", l_s)

    def update_generator(self, x: Tensor, draw: int) -> None:
        """Teach generator and supervisor to be taken for real, and to move as real data do."""
        net, weight = self.net, self.weight
        with self.update("generator") as descend:
            h = net.embedder(x)
            e_hat = net.generator(*self.noise(x, draw))
            h_next, h_hat = net.supervisor(torch.cat([h, e_hat])).chunk(2)
            views = self.views(h, h_hat, e_hat)
            # Real windows get a pass of their own: it needs no graph.
            y_real = net.discriminator(views[0])
            y_fake = net.discriminator(torch.cat(views[1:]), len(views) - 1)
            logits = [torch.cat(y) for y in zip(y_real, y_fake, strict=True)]
            terms = {"adversarial": self.opinion(self.generator_loss, logits) / len(logits)}
            l_s = losses.supervised(gather(h), gather(h_next), self.scale)
            terms["supervised"] = weight.supervised_weight * self.root(l_s)
            if weight.moment_weight:
                x_hat = net.recovery(h_hat)
                terms["moments"] = weight.moment_weight * losses.moments(gather(x), gather(x_hat))
            if weight.energy_weight:
                terms["energy"] = weight.energy_weight * losses.sliced_energy(
                    gather(views[0]), gather(views[1]), self.directions(views[0], draw)
                )
            loss = torch.stack(list(terms.values())).sum()
            descend(loss)
        net.average(self.decay(draw))
        self.note("joint/generator", loss)
        for name, term in terms.items():
            self.note(f"joint/{name}", term)

    def update_embedder(self, x: Tensor) -> None:
        """Let the latent space follow, as the reference does; otherwise it stays as it is."""
        with self.update("embedder") as descend:
            h = self.net.embedder(x)
            l_r = self.reconstruction(x, h)
            l_s = losses.supervised(h, self.net.supervisor(h), self.scale)
            descend(l_r + self.weight.embedder_supervised_weight * l_s)
        self.note("joint/reconstruction", l_r)

    def update_discriminator(self, x: Tensor, draw: int) -> None:
        """Teach the critics to tell real latents from synthetic ones, unless they are far ahead."""
        net, weight = self.net, self.weight
        with self.update("discriminator") as descend:
            with torch.no_grad():
                e_hat = net.generator(*self.noise(x, draw))
                views = self.views(net.embedder(x), net.supervisor(e_hat), e_hat)
                view = torch.cat(views)
            logits = net.discriminator(view.requires_grad_(weight.penalty_weight > 0), len(views))
            loss = total = self.opinion(self.discriminator_loss, logits)
            if weight.penalty_weight:
                penalty = len(views) * losses.gradient_penalty(logits, view)
                total = loss + weight.penalty_weight * penalty
                self.note("joint/penalty", penalty)
            rests = self.rests(loss)
            if not rests:
                descend(total)
        self.note("joint/discriminator", loss)
        self.note("joint/rest_rate", torch.tensor(float(rests)))

    @contextmanager
    def update(self, name: str) -> Iterator[Callable[[Tensor], None]]:
        """Freeze the networks that an update does not train, and hand out its step."""
        for network in NETWORKS:
            getattr(self.net, network).requires_grad_(network in UPDATES[name])
        for module in self.net.embedder.children():
            if isinstance(module, Standardise):
                module.train("embedder" in UPDATES[name])
        optimizer = self.optimizers()[self.updates.index(name)]  # type: ignore[index]

        def descend(loss: Tensor) -> None:
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()

        yield descend

    def views(self, h: Tensor, h_hat: Tensor, e_hat: Tensor) -> list[Tensor]:
        """What the critics look at: real latents first, then each kind of synthetic ones."""
        latents = [h, h_hat, e_hat] if self.weight.gamma else [h, h_hat]
        return [self.net.discriminator.view(latent) for latent in latents]

    def opinion(self, objective: losses.Adversarial, logits: list[Tensor]) -> Tensor:
        """An adversarial objective, summed over the critics."""
        weights = (1.0, self.weight.gamma) if self.weight.gamma else (1.0,)
        opinions = []
        for y in logits:
            y_real, *y_fakes = y.chunk(1 + len(weights))
            opinions.append(objective(y_real, list(zip(weights, y_fakes, strict=True))))
        return torch.stack(opinions).sum()

    def reconstruction(self, x: Tensor, h: Tensor) -> Tensor:
        """The weighted L_R of ``recovery``, which has to live with a little noise on h."""
        if self.weight.latent_noise:
            whole = self.shape(h)
            eps = torch.randn(whole, generator=self.stream("latent")).to(h)
            h = h + self.weight.latent_noise * share(eps)
        l_r = losses.reconstruction(gather(x), gather(self.net.recovery(h)))
        return self.weight.reconstruction_weight * self.root(l_r)  # type: ignore[no-any-return]

    def root(self, squared: Tensor) -> Tensor:
        """A squared error as the objective wants it."""
        return squared.sqrt() if self.weight.root_losses else squared

    @property
    def scale(self) -> Tensor | float:
        """The scale in which the supervisor's error is measured."""
        return self.net.sigma if self.weight.increments else 1.0

    def rests(self, loss: Tensor) -> bool:
        """Whether the discriminator is so far ahead that it sits this update out."""
        threshold = self.weight.rest_threshold
        return threshold > 0 and bool(gather(loss.detach()[None]).mean() < threshold)

    def decay(self, draw: int) -> float:
        """Decay of the averages; lower at first, so that the start is forgotten soon."""
        epochs = self.current_epoch - self.schedule.ends[Phase.SUPERVISED]
        done = (epochs * self.batches + self.batch_idx) * self.weight.generator_steps + draw
        return float(min(self.weight.ema, (1 + done) / (10 + done)))

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return int(self.trainer.num_training_batches)

    def stream(self, *path: int | str) -> torch.Generator:
        """Random numbers that belong to this place in the run, the same in every process."""
        return generator(self.weight.seed, *path, self.current_epoch, self.batch_idx)

    def shape(self, local: Tensor) -> tuple[int, ...]:
        """The shape of the global batch of which ``local`` is this process's share."""
        return (len(local) * world()[1], *local.shape[1:])

    def noise(self, x: Tensor, draw: int) -> tuple[Tensor, Tensor]:
        """Fresh z (B, T, Z) and static noise (B, G) for the windows ``x``."""
        z, z_static = self.net.noise(self.shape(x)[0], self.stream("noise", draw))
        return share(z).to(x), share(z_static).to(x)

    def directions(self, view: Tensor, draw: int) -> Tensor:
        """Fresh directions for the sliced energy distance."""
        count, random = self.weight.projections, self.stream("directions", draw)
        return losses.directions(view.shape[1], view.shape[2], count, random).to(view)

    def on_train_batch_start(self, batch: Tensor, batch_idx: int) -> None:
        """Set the learning rates, and the scales at the start of the joint phase."""
        self.batch_idx = batch_idx
        if batch_idx == 0:
            self.check(batch)
            if self.current_epoch == self.schedule.ends[Phase.SUPERVISED]:
                self.net.calibrate()
        done = self.schedule.progress(self.current_epoch + batch_idx / self.batches)
        decay = self.weight.lr_end + (1 - self.weight.lr_end) * 0.5 * (1 + math.cos(math.pi * done))
        for name, optimizer in zip(self.updates, self.optimizers(), strict=True):
            rate = self.weight.autoencoder_lr if name == "autoencoder" else self.weight.lr
            optimizer.param_groups[0]["lr"] = rate * decay
        first = Phase.AUTOENCODER is self.phase
        rate = decay * (self.weight.autoencoder_lr if first else self.weight.lr)
        self.stretch["learning_rate"] = [torch.tensor(rate)]

    def check(self, batch: Tensor) -> None:
        """Refuse batches of another shape, or of another scale than the networks can return.

        Raises:
            InputError: says which, and what to change.
        """
        want = (self.draws, self.weight.window, self.weight.features)
        if batch.dim() != 4 or (batch.shape[0], *batch.shape[2:]) != want:
            raise InputError(
                f"A batch of shape {tuple(batch.shape)}: TimeGAN wants (draws, windows, steps, "
                f"features) with draws={want[0]}, steps={want[1]}, features={want[2]}. "
                "Make the data module and the model with the same numbers."
            )
        low, high = float(batch.min()), float(batch.max())
        if self.net.squashes and (low < -1e-4 or high > 1 + 1e-4):
            raise InputError(
                f"Scaled data from {low:.3g} to {high:.3g}: the recurrent recovery network ends "
                "with a sigmoid and can only return 0 to 1. Set dataset.scaling=minmax."
            )

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """One Adam for each update."""
        betas = (self.weight.beta1, self.weight.beta2)
        return [
            torch.optim.Adam(
                [p for network in UPDATES[name] for p in getattr(self.net, network).parameters()],
                lr=self.weight.lr,
                betas=betas,
                fused=True,
            )
            for name in self.updates
        ]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip the gradient of the update, between backward and step."""
        if self.weight.grad_clip:
            torch.nn.utils.clip_grad_norm_(
                optimizer.param_groups[0]["params"], self.weight.grad_clip
            )

    def note(self, name: str, value: Tensor) -> None:
        """Remember a loss: the newest for the progress display, the mean of a stretch for logs."""
        self.recent[name] = value.detach()
        self.stretch.setdefault(name, []).append(value.detach())

    def on_train_batch_end(self, outputs: object, batch: Tensor, batch_idx: int) -> None:
        """Log the means since the last entry, every ``log_every`` batches of the run."""
        if (self.current_epoch * self.batches + batch_idx + 1) % self.weight.log_every == 0:
            self.log_dict({name: torch.stack(v).mean() for name, v in self.stretch.items()})
            self.stretch.clear()
