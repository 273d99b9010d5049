"""TimeGAN as a LightningModule: which networks learn what, and when."""

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from typing import ClassVar

import torch
from torch import Tensor

from timegan.errors import choose
from timegan.nn import losses
from timegan.nn.batch import Batch, Conditions
from timegan.nn.distributed import gather
from timegan.nn.kernels.backends import BACKENDS
from timegan.nn.networks import Networks
from timegan.seeds import derive
from timegan.training.argument_checks import check_ranges
from timegan.training.optimization import Routine
from timegan.training.schedule import MANY, Phase, Schedule

UPDATES = {
    "autoencoder": ("embedder", "recovery"),
    "supervised": ("supervisor",),
    "generator": ("generator", "supervisor"),
    "embedder": ("embedder", "recovery"),
    "discriminator": ("discriminator",),
}
"""The networks that each update trains; every update has an Adam of its own."""

NOISE = 0.05
"""On latents, whose channels have deviation 1."""

WHITENING = 0.3
"""Where channels differ by less than the noise."""

NETWORKS = ("embedder", "recovery", "generator", "supervisor", "discriminator")


class TimeGAN(Routine):
    """Time-series generative adversarial network (Yoon, Jarrett, van der Schaar, NeurIPS 2019).

    A :class:`timegan.nn.batch.Batch` holds the K = ``generator_steps + 1`` fresh draws of windows
    (B, T, C) that a joint step wants; the other phases use the first. The defaults are the preset
    ``model=timegan``; the authors' code is another setting of the same arguments
    (``conf/model/reference.yaml``).

    With a context, the even windows of a synthetic batch are made for the contexts of the real
    ones, the odd ones for contexts that the generator makes itself: it learns p(windows | context)
    and p(windows, context) by the same weights. Labels per step likewise.

    Args:
        features: C, the number of features.
        window: T, the steps of a window.
        schedule: epochs of the three phases.
        context: S, channels that describe a sequence as a whole.
        exogenous: U, channels of the covariates of every step.
        variable_length: sequences differ in length, which the last context channel encodes.
        smallest_component_std: standard deviation of the smallest principal component of features
            that are scaled to 1, see :mod:`timegan.data.smallest_scale`.
        seed: fixes the initial weights and all noise.
        cell: ``gru`` or ``lstm``.
        hidden: width of the cells, of which other widths are multiples. None: 32 for one channel,
            48 for two to eight, 64 for more. Features, exogenous and context channels count.
        layers: stacked cells. The supervisor has one fewer, but at least one.
        noise: Z, noise channels of a step. None: one a feature, 8 to 32 for ``path``.
        static_noise: G, noise channels of a sequence. None: two a feature, 16 to 32, for ``path``;
            0 for ``recurrent``.
        noise_distribution: ``normal``, or ``uniform`` from 0 to 1.
        latent: H, channels of the latent space. None: one a feature.
        autoencoder: ``residual`` (single steps, near the identity) or ``recurrent``.
        supervisor: ``residual`` or ``recurrent``.
        generator: ``path`` (a level plus increments) or ``recurrent``.
        critics: ``conv``, ``dense`` or ``recurrent``, or several of them joined by ``+``.
        increments: critics see first differences too, in whose scale L_S is measured.
        per_step_normalization: critics see the latents of each step standardized by that step's
            mean and standard deviation.
        whitening: power of the latent correlations that is removed from the critics' inputs, with
            ``per_step_normalization`` only. None: 0.3 if ``smallest_component_std`` is below 0.05,
            else 0.
        adversarial: ``relativistic`` or ``bce``.
        generator_steps: generator updates for each update of the discriminator.
        train_embedder_jointly: train embedder and recovery in the joint phase too.
        discriminator_threshold: loss below which the discriminator skips an update; 0: never.
        lr: learning rate of Adam in the supervised and joint phases.
        autoencoder_lr: learning rate of Adam in the autoencoder phase.
        min_lr_ratio: share of the learning rate that its cosine ends at in every phase.
        beta1: decay of Adam's mean.
        beta2: decay of Adam's mean square.
        grad_clip: largest norm of an update's gradient; 0: no clipping.
        skip_grad_norm: gradient norm above which an update is skipped; 0: only if not finite. Leave
            it far above the millions that L_S reaches in the scale of tiny increments.
        ema_decay: decay of the averages of generator and supervisor that sampling uses; 0: none.
        sqrt_losses: minimize the roots of squared errors, as the authors' code does.
        latent_noise: standard deviation of the noise on h that recovery learns to remove. None:
            0.05, or half of ``smallest_component_std`` if that is below 0.05.
        reconstruction_weight: weight of L_R.
        embedder_supervised_weight: weight of L_S in the joint update of the embedder.
        supervised_weight: weight of L_S in the update of the generator.
        moment_weight: weight of L_V.
        energy_weight: weight of the sliced energy distance.
        projections: number of projections of that distance.
        penalty_weight: weight of the gradient penalties on real and synthetic windows.
        penalty_interval: updates of the discriminator between two penalties, whose weight is
            multiplied by the same number (Karras et al. 2020).
        gamma: weight of the critics' logits of e_hat, the latents before the supervisor.
        log_every: batches between two log entries.
        backend: ``torch``, ``fused``, ``native``, or ``auto`` for the fastest that is available
            (docs/speed.md). It is no part of the model: results differ in the last digits only.
        cuda_graphs: record steps on a CUDA device and replay them (docs/speed.md). It is no part of
            the model.
    """

    trains: ClassVar = UPDATES

    def __init__(
        self,
        features: int,
        window: int,
        schedule: Schedule | Mapping[str, int],
        *,
        context: int = 0,
        exogenous: int = 0,
        variable_length: bool = False,
        smallest_component_std: float = 1.0,
        seed: int = 0,
        cell: str = "gru",
        hidden: int | None = None,
        layers: int = 1,
        noise: int | None = None,
        static_noise: int | None = None,
        noise_distribution: str = "normal",
        latent: int | None = None,
        autoencoder: str = "residual",
        supervisor: str = "residual",
        generator: str = "path",
        critics: str = "conv+dense",
        increments: bool = True,
        per_step_normalization: bool = True,
        whitening: float | None = None,
        adversarial: str = "relativistic",
        generator_steps: int = 2,
        train_embedder_jointly: bool = False,
        discriminator_threshold: float = 0.0,
        lr: float = 1e-3,
        autoencoder_lr: float = 2e-3,
        min_lr_ratio: float = 0.05,
        beta1: float = 0.0,
        beta2: float = 0.99,
        grad_clip: float = 10.0,
        skip_grad_norm: float = 1e12,
        ema_decay: float = 0.999,
        sqrt_losses: bool = False,
        latent_noise: float | None = None,
        reconstruction_weight: float = 1.0,
        embedder_supervised_weight: float = 0.0,
        supervised_weight: float = 1.0,
        moment_weight: float = 0.0,
        energy_weight: float = 10.0,
        projections: int = 128,
        penalty_weight: float = 0.5,
        penalty_interval: int = 4,
        gamma: float = 0.0,
        log_every: int = 50,
        backend: str = "auto",
        cuda_graphs: bool = False,
    ) -> None:
        super().__init__()
        schedule = asdict(schedule) if isinstance(schedule, Schedule) else dict(schedule)
        path = generator == "path"
        if hidden is None:
            channels = features + exogenous + context
            hidden = 16 * (2 + (channels > 1) + (channels > MANY))
        if noise is None:
            noise = min(max(features, 8), 32) if path else features
        if static_noise is None:
            static_noise = min(max(2 * features, 16), 32) if path else 0
        latent = features if latent is None else latent
        fine = smallest_component_std < NOISE
        if latent_noise is None:
            latent_noise = smallest_component_std / 2 if fine else NOISE
        if whitening is None:
            whitening = WHITENING if fine and per_step_normalization else 0.0
        self.save_hyperparameters(ignore=["backend", "cuda_graphs"])
        check_ranges(self.hparams)
        self.schedule = Schedule(**schedule)
        self.batches_per_step = generator_steps + 1
        choose("model.adversarial", adversarial, losses.ADVERSARIAL)
        self.generator_loss, self.discriminator_loss = losses.ADVERSARIAL[adversarial]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "weights"))
            shapes = inspect.signature(Networks).parameters
            self.net = Networks(**{name: self.hparams[name] for name in shapes})
        self.backend = choose("model.backend", backend, BACKENDS)
        self.cuda_graphs = cuda_graphs
        self.settle(backend)
        self.updates = [name for name in UPDATES if name != "embedder" or train_embedder_jointly]

    @property
    def parameter_count(self) -> int:
        """Parameters of the five networks, without the averages."""
        return sum(p.numel() for name in NETWORKS for p in getattr(self.net, name).parameters())

    def step(self, batch: Batch) -> None:
        """One step of the current phase on K draws of windows."""
        match self.phase:
            case Phase.AUTOENCODER:
                self.update_autoencoder(batch.draw(0))
            case Phase.SUPERVISED:
                self.update_supervisor(batch.draw(0))
            case Phase.JOINT:
                last = self.batches_per_step - 1
                for draw in range(last):
                    real = batch.draw(draw)
                    h = self.embed(real)
                    self.update_generator(real, h.detach(), draw)
                    if self.weight.train_embedder_jointly:
                        self.update_embedder(real, h)
                self.update_discriminator(batch.draw(last), last)

    @property
    def penalised(self) -> bool:
        """Whether the critics' gradients are penalised in this batch."""
        due = self.batch_idx % self.weight.penalty_interval == 0
        return bool(self.weight.penalty_weight) and due

    @property
    def kind(self) -> tuple[Phase, bool]:
        """The phase, and whether there is a penalty."""
        return self.phase, self.phase is Phase.JOINT and self.penalised

    @property
    def steps_of_optimizers(self) -> int:
        """One, or those of a joint step."""
        return (
            1
            if self.phase is not Phase.JOINT
            else (self.batches_per_step - 1) * len(self.updates[2:-1]) + 1
        )

    def update_autoencoder(self, real: Batch) -> None:
        """Teach embedder and recovery to give back what they saw."""
        with self.update("autoencoder") as descend:
            l_r = self.reconstruction(real, self.net.embedder(real.x, real.mask))
            descend(l_r)
        self.note("autoencoder/reconstruction", l_r)

    def update_supervisor(self, real: Batch) -> None:
        """Teach the supervisor the latent dynamics of real data."""
        with self.update("supervised") as descend:
            h = self.net.embedder(real.x, real.mask)
            self.net.follow(gather(real.conditions.paths(h)), gather(real.mask))
            l_s = self.supervised(real, h, self.net.supervisor(h))
            descend(l_s)
        self.note("supervised/supervised", l_s)

    def embed(self, real: Batch) -> Tensor:
        """h of real windows in the joint phase, once for the updates that look at them."""
        learns = bool(self.weight.train_embedder_jointly)
        self.let_learn({"embedder"} if learns else set())
        with torch.set_grad_enabled(learns):
            h: Tensor = self.net.embedder(real.x, real.mask)
        return h

    def update_generator(self, real: Batch, h: Tensor, draw: int) -> None:
        """Teach generator and supervisor to be taken for real, and to move as real data do."""
        net, weight = self.net, self.weight
        with self.update("generator") as descend:
            e_hat, fake = self.generate(real, draw)
            h_next, h_hat = net.supervisor(torch.cat([h, e_hat])).chunk(2)
            views = self.views(h, real.conditions, h_hat, e_hat, fake)
            y_fake = net.discriminator(torch.cat(views[1:]), len(views) - 1)
            if self.generator_loss is losses.bce_generator:  # it does not ask about real windows
                y_real = [y.detach().chunk(len(views) - 1)[0] for y in y_fake]
            else:  # a pass of their own: it needs no graph
                y_real = net.discriminator(views[0])
            logits = [torch.cat(y) for y in zip(y_real, y_fake, strict=True)]
            opinion = self.opinion(self.generator_loss, logits, torch.cat(views))
            terms = {"adversarial": opinion / len(logits)}
            l_s = self.supervised(real, h, h_next)
            terms["supervised"] = weight.supervised_weight * self.root(l_s)
            if weight.moment_weight:
                x, x_hat = real.conditions.beside(real.x), fake.beside(net.recovery(h_hat))
                l_v = losses.moments(gather(x), gather(x_hat), gather(real.mask), gather(fake.mask))
                terms["moments"] = weight.moment_weight * l_v
            if weight.energy_weight:
                terms["energy"] = weight.energy_weight * losses.sliced_energy(
                    gather(views[0]),
                    gather(views[1]),
                    self.directions(views[0], draw),
                    paired=bool(weight.context or weight.exogenous),
                )
            loss = torch.stack(list(terms.values())).sum()
            descend(loss)
        net.average(self.feed.number(lambda: 1 - self.decay(draw), loss))
        self.note("joint/generator", loss)
        for name, term in terms.items():
            self.note(f"joint/{name}", term)

    def update_embedder(self, real: Batch, h: Tensor) -> None:
        """Let the latent space follow, as the reference does; otherwise it stays as it is."""
        with self.update("embedder") as descend:
            l_r = self.reconstruction(real, h)
            l_s = self.supervised(real, h, self.net.supervisor(h))
            descend(l_r + self.weight.embedder_supervised_weight * l_s)
        self.note("joint/reconstruction", l_r)

    def update_discriminator(self, real: Batch, draw: int) -> None:
        """Teach the critics to tell real latents from synthetic ones, unless they are far ahead."""
        net, weight = self.net, self.weight
        with self.update("discriminator") as descend:
            with torch.no_grad():
                h = net.embedder(real.x, real.mask)
                e_hat, fake = self.generate(real, draw)
                views = self.views(h, real.conditions, net.supervisor(e_hat), e_hat, fake)
                view = torch.cat(views)
            view.requires_grad_(self.penalised)
            logits = net.discriminator(view, len(views), twice=self.penalised)
            loss = total = self.opinion(self.discriminator_loss, logits, view)
            if self.penalised:
                penalty = losses.gradient_penalty(logits, view, net.discriminator.mask(view))
                penalty = len(views) * penalty
                total = loss + weight.penalty_interval * weight.penalty_weight * penalty
                self.note("joint/penalty", penalty)
            rests = self.rests(loss)
            descend(total, rests)
        self.note("joint/discriminator", loss)
        self.note("joint/rest_rate", torch.zeros_like(loss) if rests is None else rests)

    def generate(self, real: Batch, draw: int) -> tuple[Tensor, Conditions]:
        """e_hat and what goes with it: for even windows the context of the real ones.

        Labels are those of the real windows where the context is, or, in a model that has both,
        for every second of these: labels may be asked for or not, with a context that is known.
        """
        z, z_static = self.noise(real.x, draw)
        context, exogenous = real.context, real.exogenous
        places = self.places(real.x)
        if context is not None:
            context = context.masked_fill((places % 2 > 0)[:, None], torch.nan)
        if exogenous is not None:
            every = 2 if context is None else 4
            exogenous = exogenous.masked_fill((places % every > 0)[:, None, None], torch.nan)
        return self.net.generate(z, z_static, context, exogenous)

    def views(
        self, h: Tensor, real: Conditions, h_hat: Tensor, e_hat: Tensor, fake: Conditions
    ) -> list[Tensor]:
        """What the critics look at: real latents first, then each kind of synthetic ones."""
        latents = [h_hat, e_hat] if self.weight.gamma else [h_hat]
        view = self.net.discriminator.view
        return [view(h, real), *(view(latent, fake) for latent in latents)]

    def opinion(self, objective: losses.Adversarial, logits: list[Tensor], view: Tensor) -> Tensor:
        """An adversarial objective, summed over the critics."""
        weights = (1.0, self.weight.gamma) if self.weight.gamma else (1.0,)
        mask = self.net.discriminator.mask(view)
        opinions = []
        for y in logits:
            chunks, masks = y.chunk(1 + len(weights)), None
            if mask is not None and y.dim() == 3:  # a mean over steps, of which not all exist
                chunks = tuple(map(gather, chunks))
                masks = [gather(part) for part in mask.chunk(1 + len(weights))]
            y_real, *y_fakes = chunks
            opinions.append(objective(y_real, list(zip(weights, y_fakes, strict=True)), masks))
        return torch.stack(opinions).sum()

    def reconstruction(self, real: Batch, h: Tensor) -> Tensor:
        """The weighted L_R of ``recovery``, which has to live with a little noise on h."""
        if self.weight.latent_noise:
            h = h + self.weight.latent_noise * self.eps(h)
        x_tilde = self.net.recovery(h)
        l_r = losses.reconstruction(gather(real.x), gather(x_tilde), gather(real.mask))
        return self.weight.reconstruction_weight * self.root(l_r)  # type: ignore[no-any-return]

    def supervised(self, real: Batch, h: Tensor, h_next: Tensor) -> Tensor:
        """L_S of real latents, in the scale of their increments where the critics see those."""
        scale = self.net.sigma[: self.weight.latent] if self.weight.increments else 1.0
        return losses.supervised(gather(h), gather(h_next), scale, gather(real.mask))

    def root(self, squared: Tensor) -> Tensor:
        """A squared error as the objective wants it."""
        # Not below 1e-12: windows of one step have no error to follow, and a root at 0 no slope.
        return squared.clamp_min(1e-12).sqrt() if self.weight.sqrt_losses else squared

    def rests(self, loss: Tensor) -> Tensor | None:
        """1 where the discriminator is so far ahead that it sits this update out; None: never."""
        threshold = self.weight.discriminator_threshold
        return (gather(loss.detach()[None]).mean() < threshold).to(loss) if threshold > 0 else None
