"""TimeGAN as a LightningModule: which networks learn from which losses, and when."""

from collections.abc import Mapping
from dataclasses import asdict

import torch
from lightning import Callback
from torch import Tensor

from timegan.errors import choose
from timegan.nn import losses
from timegan.nn.batch import Batch, Conditions, as_batch
from timegan.nn.defaults import fill_defaults
from timegan.nn.distributed import all_gather, batch_indices
from timegan.nn.kernels.backends import BACKENDS, resolve_backend, set_backend
from timegan.nn.networks import Networks
from timegan.seeds import derive
from timegan.training.argument_checks import (
    Count,
    Decay,
    Size,
    Weight,
    WhiteningPower,
    check_batch,
    check_hyperparameters,
)
from timegan.training.backend_setup import BackendSetup
from timegan.training.early_stopping import PhaseEarlyStopping
from timegan.training.noise import NoiseSource
from timegan.training.optimization import ManualOptimization
from timegan.training.schedule import Phase, Schedule

NETWORKS = ("embedder", "recovery", "generator", "supervisor", "discriminator")

UPDATES: Mapping[str, tuple[str, ...]] = {
    "autoencoder": ("embedder", "recovery"),
    "supervised": ("supervisor",),
    "generator": ("generator", "supervisor"),
    "embedder": ("embedder", "recovery"),
    "discriminator": ("discriminator",),
    "completer": ("completer",),
}
"""Networks that each update trains; every update has an Adam optimizer of its own."""


class TimeGAN(ManualOptimization):
    """Time-series generative adversarial network (Yoon, Jarrett, van der Schaar, NeurIPS 2019).

    A training step takes a :class:`timegan.nn.batch.Batch` of K = ``generator_steps + 1``
    independent draws of windows (B, T, C). A joint step uses all of them, a step of another phase
    the first. The defaults are the preset ``model=timegan``. The authors' code is another setting
    of the arguments (``conf/model/reference.yaml``).

    In a model with a context, even windows of a synthetic batch are generated for the contexts of
    real windows, odd ones for generated contexts. So one generator learns p(windows | context) and
    p(windows, context). Exogenous channels are treated in the same way.

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
        completion: train a network for :meth:`timegan.Synthesizer.complete`, too. The others are
            the same to the bit with and without it.
        log_every: batches between two log entries.
        backend: ``torch``, ``fused``, ``native``, or ``auto`` for the fastest that is available
            (docs/explanation/speed.md). It is no part of the model: results differ in the last
            digits only.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        features: int,
        window: int,
        schedule: Schedule | Mapping[str, int],
        *,
        context: Size = 0,
        exogenous: Size = 0,
        variable_length: bool = False,
        smallest_component_std: Weight = 1.0,
        seed: int = 0,
        cell: str = "gru",
        hidden: Count | None = None,
        layers: Count = 1,
        noise: Size | None = None,
        static_noise: Size | None = None,
        noise_distribution: str = "normal",
        latent: Count | None = None,
        autoencoder: str = "residual",
        supervisor: str = "residual",
        generator: str = "path",
        critics: str = "conv+dense",
        increments: bool = True,
        per_step_normalization: bool = True,
        whitening: WhiteningPower | None = None,
        adversarial: str = "relativistic",
        generator_steps: Count = 2,
        train_embedder_jointly: bool = False,
        discriminator_threshold: Weight = 0.0,
        lr: Weight = 1e-3,
        autoencoder_lr: Weight = 2e-3,
        min_lr_ratio: Weight = 0.05,
        beta1: Decay = 0.0,
        beta2: Decay = 0.99,
        grad_clip: Weight = 10.0,
        skip_grad_norm: Weight = 1e12,
        ema_decay: Decay = 0.999,
        sqrt_losses: bool = False,
        latent_noise: Weight | None = None,
        reconstruction_weight: Weight = 1.0,
        embedder_supervised_weight: Weight = 0.0,
        supervised_weight: Weight = 1.0,
        moment_weight: Weight = 0.0,
        energy_weight: Weight = 10.0,
        projections: Count = 128,
        penalty_weight: Weight = 0.5,
        penalty_interval: Count = 4,
        gamma: Weight = 0.0,
        completion: bool = False,
        log_every: Count = 50,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        schedule = asdict(schedule) if isinstance(schedule, Schedule) else dict(schedule)
        self.save_hyperparameters(ignore="backend")
        self.save_hyperparameters(fill_defaults(self.hparams))
        check_hyperparameters(TimeGAN.__init__, self.hparams)
        self.schedule = Schedule(**schedule)
        self.batches_per_step = generator_steps + 1
        self.updates = dict(UPDATES)
        if not train_embedder_jointly:
            del self.updates["embedder"]
        if not completion:
            del self.updates["completer"]
        self.noise = NoiseSource(seed)
        choose("model.adversarial", adversarial, losses.ADVERSARIAL)
        self.generator_loss, self.discriminator_loss = losses.ADVERSARIAL[adversarial]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "weights"))
            self.net = Networks(**{name: self.hparams[name] for name in Networks.arguments()})
        self.backend = choose("model.backend", backend, BACKENDS)
        self.use_backend(resolve_backend(backend))

    def use_backend(self, resolved: str) -> None:
        """Let ``torch``, ``fused`` or ``native`` compute the networks."""
        self.resolved_backend = resolved
        set_backend(self.net, resolved, by_size=self.backend == "auto")

    def configure_callbacks(self) -> list[Callback]:
        """Return the callbacks that training needs, whoever made the Trainer."""
        return [BackendSetup(), PhaseEarlyStopping()]

    @property
    def phase(self) -> Phase:
        """The phase of the current epoch."""
        return self.schedule.phase(self.current_epoch)

    @property
    def parameter_count(self) -> int:
        """Number of parameters of the five networks, averages left out."""
        return sum(p.numel() for name in NETWORKS for p in getattr(self.net, name).parameters())

    def on_train_batch_start(self, batch: Batch | Tensor, batch_idx: int) -> None:
        """Move on in the noise; check an epoch's first batch; start the joint phase in scale."""
        super().on_train_batch_start(batch, batch_idx)
        self.noise = NoiseSource(self.hparams.seed, self.current_epoch, batch_idx)
        if batch_idx == 0:
            self.check_batch(batch)
            if self.current_epoch == self.schedule.phase_ends[Phase.SUPERVISED]:
                self.net.initialize_scales()

    def check_batch(self, batch: Batch | Tensor) -> None:
        """Raise an InputError if a batch does not have the model's shape and scale."""
        check_batch(as_batch(batch), self.hparams, bounded=self.net.has_bounded_output)

    def training_step(self, batch: Batch | Tensor, batch_idx: int) -> None:
        """Take a step of the current phase (Algorithm 1 of the paper's supplement)."""
        batch = as_batch(batch)
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
                    if self.hparams.train_embedder_jointly:
                        self.update_embedder(real, h)
                self.update_discriminator(batch.draw(last), last)
                if self.hparams.completion:
                    self.update_completer(batch.draw(0))

    def update_autoencoder(self, real: Batch) -> None:
        """Update embedder and recovery: reconstruct real windows."""
        with self.update("autoencoder") as minimize:
            l_r = self.reconstruction_loss(real, self.net.embedder(real.x, real.mask))
            minimize(l_r)
        self.record_loss("autoencoder/reconstruction", l_r)

    def update_supervisor(self, real: Batch) -> None:
        """Update the supervisor: predict the next latent of real windows."""
        with self.update("supervised") as minimize:
            h = self.net.embedder(real.x, real.mask)
            self.net.update_scales(real.conditions.with_exogenous(h), real.mask)
            l_s = self.supervised_loss(real, h, self.net.supervisor(h))
            minimize(l_s)
        if self.net.completer is not None:
            self.net.completer.update_scales(real.conditions.with_exogenous(real.x), real.mask)
        self.record_loss("supervised/supervised", l_s)

    def update_generator(self, real: Batch, h: Tensor, draw: int) -> None:
        """Update generator and supervisor: fool the critics and match real dynamics."""
        net, hparams = self.net, self.hparams
        with self.update("generator") as minimize:
            e_hat, fake = self.generate(real, draw)
            h_next, h_hat = net.supervisor(torch.cat([h, e_hat])).chunk(2)
            inputs = self.critic_inputs(h, real.conditions, h_hat, e_hat, fake)
            logits = self.generator_logits(inputs)
            adversarial = self.adversarial_loss(self.generator_loss, logits, inputs)
            terms = {"adversarial": adversarial / len(logits)}
            l_s = self.supervised_loss(real, h, h_next)
            terms["supervised"] = hparams.supervised_weight * self.maybe_sqrt(l_s)
            if hparams.moment_weight:
                x, x_hat = real.conditions.with_all(real.x), fake.with_all(net.recovery(h_hat))
                terms["moments"] = hparams.moment_weight * losses.moments(
                    x, x_hat, real.mask, fake.mask
                )
            if hparams.energy_weight:
                terms["energy"] = hparams.energy_weight * losses.sliced_energy_distance(
                    *inputs[:2],
                    projections=self.noise.projections(inputs[0], hparams.projections, draw),
                    paired=bool(hparams.context or hparams.exogenous),
                )
            loss = torch.stack(list(terms.values())).sum()
            minimize(loss)
        net.update_ema(1 - self.ema_decay(draw))
        self.record_loss("joint/generator", loss)
        for name, term in terms.items():
            self.record_loss(f"joint/{name}", term)

    def update_embedder(self, real: Batch, h: Tensor) -> None:
        """Update embedder and recovery in the joint phase, as the authors' code does."""
        with self.update("embedder") as minimize:
            l_r = self.reconstruction_loss(real, h)
            l_s = self.supervised_loss(real, h, self.net.supervisor(h))
            minimize(l_r + self.hparams.embedder_supervised_weight * l_s)
        self.record_loss("joint/reconstruction", l_r)

    def update_discriminator(self, real: Batch, draw: int) -> None:
        """Update the discriminator: tell real from synthetic latents, unless it is far ahead."""
        net, hparams = self.net, self.hparams
        with self.update("discriminator") as minimize:
            with torch.no_grad():
                h = net.embedder(real.x, real.mask)
                e_hat, fake = self.generate(real, draw)
                h_hat = net.supervisor(e_hat)
                inputs = self.critic_inputs(h, real.conditions, h_hat, e_hat, fake)
            view = torch.cat(inputs).requires_grad_(self.applies_penalty)
            logits = net.discriminator(view, len(inputs), double_backward=self.applies_penalty)
            loss = total = self.adversarial_loss(self.discriminator_loss, logits, inputs)
            if self.applies_penalty:
                mask = net.discriminator.mask(view)
                penalty = len(inputs) * losses.gradient_penalty(logits, view, mask)
                total = loss + hparams.penalty_interval * hparams.penalty_weight * penalty
                self.record_loss("joint/penalty", penalty)
            skip = self.should_skip(loss)
            minimize(total, skip)
        self.record_loss("joint/discriminator", loss)
        self.record_loss("joint/rest_rate", torch.zeros_like(loss) if skip is None else skip)

    def update_completer(self, real: Batch) -> None:
        """Update the completer: draw windows twice from parts of real ones, and score both."""
        completer = self.net.completer
        assert completer is not None
        with self.update("completer") as minimize:
            x = real.conditions.with_exogenous(real.x)
            given, z = self.noise.completion(completer, x, real.mask)
            one, two = completer(x, given, z, real.context).chunk(2)
            score = losses.energy_score(x, one, two, real.mask, sigma=completer.sigma)
            minimize(score)
        self.record_loss("joint/completion", score)

    @property
    def applies_penalty(self) -> bool:
        """True if this batch's update of the discriminator has gradient penalties."""
        due = self.batch_idx % self.hparams.penalty_interval == 0
        return bool(self.hparams.penalty_weight) and due

    def should_skip(self, loss: Tensor) -> Tensor | None:
        """Return 1 if the discriminator is too far ahead for an update, else 0; None: never."""
        threshold = self.hparams.discriminator_threshold
        if not threshold:
            return None
        is_ahead: Tensor = all_gather(loss.detach()[None]).mean() < threshold
        return is_ahead.to(loss)

    def embed(self, real: Batch) -> Tensor:
        """Return h of real windows, once for all updates of the joint phase that need it."""
        learns = bool(self.hparams.train_embedder_jointly)
        self.set_trainable({"embedder"} if learns else set())
        with torch.set_grad_enabled(learns):
            h: Tensor = self.net.embedder(real.x, real.mask)
        return h

    def generate(self, real: Batch, draw: int) -> tuple[Tensor, Conditions]:
        """Return e_hat and its conditions, some of which are those of the real windows."""
        z, z_static = self.noise.window_noise(self.net, real.x, draw)
        return self.net.generate(z, z_static, *real.given_conditions(batch_indices(real.x)))

    def critic_inputs(
        self, h: Tensor, real: Conditions, h_hat: Tensor, e_hat: Tensor, fake: Conditions
    ) -> list[Tensor]:
        """Return the critics' inputs: of real latents, then of each kind of synthetic ones."""
        latents = [h_hat, e_hat] if self.hparams.gamma else [h_hat]
        critic_input = self.net.discriminator.critic_input
        return [critic_input(h, real), *(critic_input(latent, fake) for latent in latents)]

    def generator_logits(self, inputs: list[Tensor]) -> list[Tensor]:
        """Return each critic's logits; those of real windows need no gradient."""
        fakes = len(inputs) - 1
        y_fake = self.net.discriminator(torch.cat(inputs[1:]), fakes)
        if self.generator_loss is losses.bce_generator:  # it ignores the logits of real windows
            y_real = [y.detach().chunk(fakes)[0] for y in y_fake]
        else:
            y_real = self.net.discriminator(inputs[0])
        return [torch.cat(y) for y in zip(y_real, y_fake, strict=True)]

    def adversarial_loss(
        self, objective: losses.Adversarial, logits: list[Tensor], inputs: list[Tensor]
    ) -> Tensor:
        """Return an adversarial objective, summed over the critics."""
        weights = (1.0, self.hparams.gamma) if self.hparams.gamma else (1.0,)
        masks = [self.net.discriminator.mask(view) for view in inputs]
        return losses.sum_over_critics(objective, logits, weights, masks)

    def reconstruction_loss(self, real: Batch, h: Tensor) -> Tensor:
        """Return the weighted L_R of a recovery network that sees h with a little noise."""
        if self.hparams.latent_noise:
            h = h + self.hparams.latent_noise * self.noise.latent_noise(h)
        l_r = losses.reconstruction(real.x, self.net.recovery(h), real.mask)
        return self.hparams.reconstruction_weight * self.maybe_sqrt(l_r)  # type: ignore[no-any-return]

    def supervised_loss(self, real: Batch, h: Tensor, h_next: Tensor) -> Tensor:
        """Return L_S of real latents, in the scale of their increments if critics see those."""
        sigma = self.net.sigma[: self.hparams.latent] if self.hparams.increments else 1.0
        return losses.supervised(h, h_next, real.mask, sigma=sigma)

    def maybe_sqrt(self, squared: Tensor) -> Tensor:
        """Return a squared error or its root, as ``sqrt_losses`` has it."""
        # Not below 1e-12: windows of one step have no error, and the root at 0 no gradient.
        return squared.clamp_min(1e-12).sqrt() if self.hparams.sqrt_losses else squared

    def ema_decay(self, draw: int) -> float:
        """Return the decay of the averages, smaller at first so that they forget the start."""
        joint_batches = self.global_batch - (
            self.schedule.phase_ends[Phase.SUPERVISED] * self.batches_per_epoch
        )
        done = joint_batches * self.hparams.generator_steps + draw
        return float(min(self.hparams.ema_decay, (1 + done) / (10 + done)))
