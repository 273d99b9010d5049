"""TimeGAN as one writes it down: `torch.nn.GRU`, a pass for whatever is needed, plain Adam.

Every ratio of `make bench` is against this file, so it is not made faster. The networks, losses and
order of updates are those of docs/explanation/method.md, for both presets; fakes are detached in
the update of the discriminator, as everyone does, and nothing else is frozen, shared or batched.
Parameters are called as in `timegan.nn.networks.Networks`, so that weights move between the two.

Shapes: B windows, T steps, C features, H latent channels; K draws of windows (K, B, T, C) enter an
iteration. `progress` is how much of its phase is over, from 0 to 1.
"""

import copy
import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from timegan.nn import losses

Losses = dict[str, Tensor]
Random = Callable[[str, int], torch.Generator]
"""Source of random numbers, by purpose and by draw of an iteration."""


def chance(purpose: str, draw: int) -> torch.Generator:
    return torch.default_generator


class RecurrentNet(nn.Module):
    """Every network of the reference: stacked cells and a dense layer a step."""

    def __init__(
        self, inputs: int, outputs: int, hidden: int, layers: int, squash: bool = True
    ) -> None:
        super().__init__()
        self.rnn = nn.GRU(inputs, hidden, layers, batch_first=True)
        self.dense = nn.Linear(hidden, outputs)
        self.squash = squash

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dense(self.rnn(x)[0])
        return out.sigmoid() if self.squash else out


class Reference(nn.Module):
    """`model=reference`: the authors' losses and updates."""

    batch_size = 128
    random: Random

    def __init__(self, features: int, window: int, hidden: int = 24, layers: int = 3) -> None:
        super().__init__()
        self.features, self.window, self.random = features, window, chance
        self.embedder = RecurrentNet(features, hidden, hidden, layers)
        self.recovery = RecurrentNet(hidden, features, hidden, layers)
        self.generator = RecurrentNet(features, hidden, hidden, layers)
        self.supervisor = RecurrentNet(hidden, hidden, hidden, max(1, layers - 1))
        critic = RecurrentNet(hidden, 1, hidden, layers, squash=False)
        self.discriminator = nn.ModuleDict({"critics": nn.ModuleList([critic])})
        autoencoder = [*self.embedder.parameters(), *self.recovery.parameters()]
        generator = [*self.generator.parameters(), *self.supervisor.parameters()]
        self.adam = {
            "autoencoder": torch.optim.Adam(autoencoder, lr=1e-3),
            "supervised": torch.optim.Adam(self.supervisor.parameters(), lr=1e-3),
            "generator": torch.optim.Adam(generator, lr=1e-3),
            "embedder": torch.optim.Adam(autoencoder, lr=1e-3),
            "discriminator": torch.optim.Adam(critic.parameters(), lr=1e-3),
        }

    def critic(self, h: Tensor) -> Tensor:
        """Return one logit per step, (B, T, H) -> (B, T, 1)."""
        y: Tensor = self.discriminator["critics"][0](h)  # type: ignore[index]
        return y

    def noise(self, count: int, draw: int = 0) -> Tensor:
        """Draw new noise z (B, T, C)."""
        z = torch.rand(count, self.window, self.features, generator=self.random("noise", draw))
        return z.to(self.generator.dense.bias)

    def autoencoder(self, draws: Tensor, progress: float = 0.0) -> Losses:
        x = draws[0]
        loss = 10 * F.mse_loss(self.recovery(self.embedder(x)), x).sqrt()
        self.descend("autoencoder", loss)
        return {"autoencoder/reconstruction": loss.detach()}

    def supervised(self, draws: Tensor, progress: float = 0.0) -> Losses:
        h = self.embedder(draws[0])
        loss = F.mse_loss(self.supervisor(h)[:, :-1], h[:, 1:])
        self.descend("supervised", loss)
        return {"supervised/supervised": loss.detach()}

    def joint(self, draws: Tensor, progress: float = 0.0) -> Losses:
        found: Losses = {}
        for draw, x in enumerate(draws[:-1]):
            found |= self.update_generator(x, draw)
            found |= self.update_embedder(x)
        return found | self.update_discriminator(draws[-1], len(draws) - 1)

    def update_generator(self, x: Tensor, draw: int) -> Losses:
        h = self.embedder(x)
        e_hat = self.generator(self.noise(len(x), draw))
        h_hat = self.supervisor(e_hat)
        x_hat = self.recovery(h_hat)
        y_fake, y_fake_e = self.critic(h_hat), self.critic(e_hat)
        adversarial = bce(y_fake, 1.0) + bce(y_fake_e, 1.0)
        l_s = F.mse_loss(self.supervisor(h)[:, :-1], h[:, 1:])
        deviation, deviation_hat = ((v.var(0, unbiased=False) + 1e-6).sqrt() for v in (x, x_hat))
        l_v = (deviation_hat - deviation).abs().mean() + (x_hat.mean(0) - x.mean(0)).abs().mean()
        loss = adversarial + 100 * l_s.sqrt() + 100 * l_v
        self.descend("generator", loss)
        return {"joint/generator": loss.detach()}

    def update_embedder(self, x: Tensor) -> Losses:
        h = self.embedder(x)
        l_r = 10 * F.mse_loss(self.recovery(h), x).sqrt()
        l_s = F.mse_loss(self.supervisor(h)[:, :-1], h[:, 1:])
        self.descend("embedder", l_r + 0.1 * l_s)
        return {"joint/reconstruction": l_r.detach()}

    def update_discriminator(self, x: Tensor, draw: int) -> Losses:
        h = self.embedder(x)
        e_hat = self.generator(self.noise(len(x), draw))
        h_hat = self.supervisor(e_hat)
        y_real, y_fake, y_fake_e = (self.critic(v.detach()) for v in (h, h_hat, e_hat))
        loss = bce(y_real, 1.0) + bce(y_fake, 0.0) + bce(y_fake_e, 0.0)
        if loss > 0.15:
            self.descend("discriminator", loss)
        return {"joint/discriminator": loss.detach()}

    def descend(self, name: str, loss: Tensor) -> None:
        optimizer = self.adam[name]
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    @torch.no_grad()
    def sample(self, count: int) -> Tensor:
        x_hat: Tensor = self.recovery(self.supervisor(self.generator(self.noise(count))))
        return x_hat


def bce(y: Tensor, answer: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(y, torch.full_like(y, answer))


class ResidualMLP(nn.Module):
    """W v + f(v), a step at a time; the embedder standardises what comes out."""

    def __init__(self, inputs: int, outputs: int, width: int, normalize: bool) -> None:
        super().__init__()
        bias = not normalize
        self.linear = nn.Linear(inputs, outputs, bias)
        self.f = nn.Sequential(
            nn.Linear(inputs, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, outputs, bias),
        )
        self.normalize = MaskedBatchNorm(outputs) if normalize else nn.Identity()

    def forward(self, v: Tensor) -> Tensor:
        out: Tensor = self.normalize(self.linear(v) + self.f(v))
        return out


class MaskedBatchNorm(nn.Module):
    """Batch normalisation without an affine part; its running variance is a biased one."""

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, h: Tensor) -> Tensor:
        mean, var = self.mean, self.var
        if self.training:
            mean, var = h.mean((0, 1)), h.var((0, 1), unbiased=False)
            with torch.no_grad():
                self.mean += 0.02 * (mean - self.mean)
                self.var += 0.02 * (var - self.var)
        return (h - mean) / (var + 1e-5).sqrt()


class Supervisor(nn.Module):
    """s(h) = h + Linear(GRU(h))."""

    def __init__(self, latent: int, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(latent, hidden, batch_first=True)
        self.dense = nn.Linear(hidden, latent)

    def forward(self, h: Tensor) -> Tensor:
        out: Tensor = h + self.dense(self.rnn(h)[0])
        return out


class Generator(nn.Module):
    """A level plus increments: level(g) + sigma (a_t + sum_{u<=t} b_u)."""

    sigma: Tensor

    def __init__(self, noise: int, static: int, latent: int, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(noise + static, hidden, batch_first=True)
        self.start = nn.Sequential(
            nn.Linear(static, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.Tanh()
        )
        self.level = nn.Sequential(
            nn.Linear(static, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, latent),
        )
        self.step = nn.Linear(hidden, 2 * latent)
        self.gain = nn.Parameter(torch.ones(noise))
        self.register_buffer("sigma", torch.ones(latent))

    def forward(self, z: Tensor, static: Tensor) -> Tensor:
        every = static[:, None].expand(-1, z.shape[1], -1)
        out = self.rnn(torch.cat([self.gain * z, every], dim=-1), self.start(static)[None])[0]
        a, b = self.step(out).chunk(2, dim=-1)
        path: Tensor = self.level(static)[:, None] + self.sigma * (a + b.cumsum(1))
        return path


class ConvCritic(nn.Module):
    """Convolutions, pooled, beside how much each group of 16 windows varies."""

    def __init__(self, views: int, hidden: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(views, hidden, 4, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(hidden, 2 * hidden, 4, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(2 * hidden, 2 * hidden, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.head = nn.Sequential(
            nn.Linear(4 * hidden + 1, 2 * hidden), nn.LeakyReLU(0.2), nn.Linear(2 * hidden, 1)
        )

    def forward(self, view: Tensor) -> Tensor:
        maps = self.conv(view.transpose(1, 2))
        pooled = torch.cat([maps.mean(-1), maps.amax(-1)], dim=-1)
        size = math.gcd(16, len(pooled))
        groups = pooled.view(-1, size, pooled.shape[-1])
        deviation = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean(-1, keepdim=True)
        varied = torch.cat([pooled, deviation.repeat_interleave(size, 0)], dim=-1)
        logit: Tensor = self.head(varied)
        return logit


class DenseCritic(nn.Module):
    """All steps side by side."""

    def __init__(self, views: int, window: int, hidden: int) -> None:
        super().__init__()
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(window * views, 4 * hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * hidden, 4 * hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * hidden, 1),
        )

    def forward(self, view: Tensor) -> Tensor:
        logit: Tensor = self.head(view)
        return logit


class Recipe(nn.Module):
    """`model=timegan`, the default: two critics that see increments, an energy distance, penalties.

    Latents have as many channels as the data, H = C. `calibrate` belongs between the second phase
    and the third.
    """

    batch_size = 64
    random: Random
    sigma: Tensor
    roughness: Tensor
    centre: Tensor
    spread: Tensor

    def __init__(self, features: int, window: int, hidden: int = 64) -> None:
        super().__init__()
        self.features, self.window, self.random = features, window, chance
        self.noise_width = min(max(features, 8), 32)
        self.static_noise_width = min(max(2 * features, 16), 32)
        self.embedder = ResidualMLP(features, features, 2 * hidden, normalize=True)
        self.recovery = ResidualMLP(features, features, 2 * hidden, normalize=False)
        self.generator = Generator(self.noise_width, self.static_noise_width, features, hidden)
        self.supervisor = Supervisor(features, max(1, hidden // 2))
        critics = [ConvCritic(2 * features, hidden), DenseCritic(2 * features, window, hidden)]
        self.discriminator = nn.ModuleDict({"critics": nn.ModuleList(critics)})
        autoencoder = [*self.embedder.parameters(), *self.recovery.parameters()]
        generator = [*self.generator.parameters(), *self.supervisor.parameters()]
        self.adam = {
            "autoencoder": adam(autoencoder),
            "supervised": adam(self.supervisor.parameters()),
            "generator": adam(generator),
            "discriminator": adam(self.discriminator.parameters()),
        }
        self.averages = [(net, copy.deepcopy(net)) for net in (self.generator, self.supervisor)]
        self.register_buffer("sigma", torch.ones(features))
        self.register_buffer("roughness", torch.ones(features))
        self.register_buffer("centre", torch.zeros(window, features), persistent=False)
        self.register_buffer("spread", torch.ones(window, features), persistent=False)
        self.seen = self.averaged = self.played = 0

    def noise(self, count: int, draw: int = 0) -> tuple[Tensor, Tensor]:
        """Draw new noise z (B, T, Z) and static noise (B, G)."""
        random = self.random("noise", draw)
        z = torch.randn(count, self.window, self.noise_width, generator=random)
        static = torch.randn(count, self.static_noise_width, generator=random)
        return z.to(self.sigma), static.to(self.sigma)

    def eps(self, h: Tensor) -> Tensor:
        """Return the latent noise of the recovery network, (B, T, H)."""
        return torch.randn(h.shape, generator=self.random("latent", 0)).to(h)

    def directions(self, draw: int) -> Tensor:
        """Return projections (T V, P) of the energy distance."""
        random = self.random("directions", draw)
        return losses.random_projections(self.window, 2 * self.features, 128, random).to(self.sigma)

    def autoencoder(self, draws: Tensor, progress: float = 0.0) -> Losses:
        self.embedder.train()
        x = draws[0]
        h = self.embedder(x)
        loss = F.mse_loss(self.recovery(h + 0.05 * self.eps(h)), x)
        self.descend("autoencoder", loss, 2e-3 * cosine(progress))
        return {"autoencoder/reconstruction": loss.detach()}

    def supervised(self, draws: Tensor, progress: float = 0.0) -> Losses:
        self.embedder.eval()
        h = self.embedder(draws[0])
        self.measure(h.detach())
        loss = self.l_s(h)
        self.descend("supervised", loss, 1e-3 * cosine(progress))
        return {"supervised/supervised": loss.detach()}

    def joint(self, draws: Tensor, progress: float = 0.0) -> Losses:
        self.embedder.eval()
        found: Losses = {}
        for draw, x in enumerate(draws[:-1]):
            found = self.update_generator(x, draw, progress)
        return found | self.update_discriminator(draws[-1], len(draws) - 1, progress)

    def update_generator(self, x: Tensor, draw: int, progress: float) -> Losses:
        h = self.embedder(x)
        h_hat = self.supervisor(self.generator(*self.noise(len(x), draw)))
        real, fake = self.view(h), self.view(h_hat)
        opinions = [F.softplus(critic(real) - critic(fake)).mean() for critic in self.critics]
        energy = energy_distance(real, fake, self.directions(draw))
        loss = torch.stack(opinions).mean() + self.l_s(h) + 10 * energy
        self.descend("generator", loss, 1e-3 * cosine(progress))
        decay = min(0.999, (1 + self.averaged) / (10 + self.averaged))
        self.averaged += 1
        with torch.no_grad():
            for net, average in self.averages:  # weights as sampling uses them
                for now, mean in zip(net.parameters(), average.parameters(), strict=True):
                    mean.lerp_(now.to(mean), 1 - decay)
        return {"joint/generator": loss.detach()}

    @property
    def critics(self) -> nn.ModuleList:
        critics = self.discriminator["critics"]
        assert isinstance(critics, nn.ModuleList)
        return critics

    def update_discriminator(self, x: Tensor, draw: int, progress: float) -> Losses:
        h = self.embedder(x)
        h_hat = self.supervisor(self.generator(*self.noise(len(x), draw)))
        real, fake = (self.view(v).detach().requires_grad_() for v in (h, h_hat))
        loss = penalty = torch.zeros(())
        due = self.played % 4 == 0
        self.played += 1
        for critic in self.critics:
            y_real, y_fake = critic(real), critic(fake)
            loss = loss + F.softplus(y_fake - y_real).mean()
            for y, view in ((y_real, real), (y_fake, fake)) if due else ():
                (slope,) = torch.autograd.grad(y.sum(), view, create_graph=True)
                penalty = penalty + slope.square().sum((1, 2)).mean()
        self.descend("discriminator", loss + 4 * 0.5 * penalty, 1e-3 * cosine(progress))
        found = {"joint/discriminator": loss.detach()}
        return found | {"joint/penalty": penalty.detach()} if due else found

    def l_s(self, h: Tensor) -> Tensor:
        """Return errors of predicted latents, in units of their increments' deviation."""
        error: Tensor = (self.supervisor(h)[:, :-1] - h[:, 1:]) / self.sigma
        return error.square().mean()

    def view(self, h: Tensor) -> Tensor:
        """Return the input of the critics: normalized latents and increments, (B, T, 2 H)."""
        increments = torch.cat([torch.zeros_like(h[:, :1]), h[:, 1:] - h[:, :-1]], dim=1)
        return torch.cat([(h - self.centre) / self.spread, increments / self.sigma], dim=-1)

    def measure(self, h: Tensor) -> None:
        """Update running means of the scales of increments, steps and paths."""
        sigma = h.diff(dim=1).flatten(0, 1).std(0, correction=0).clamp_min(1e-4)
        roughness = h.diff(n=2, dim=1).flatten(0, 1).std(0, correction=0) / sigma
        self.seen += 1
        self.sigma += (sigma - self.sigma) / self.seen
        self.roughness += (roughness - self.roughness) / self.seen
        move = h.mean(0) - self.centre
        between = move.square() * (self.seen - 1) / self.seen
        variance = self.spread.square() * (self.seen - 1) + h.var(0, correction=0) + 1e-6 + between
        self.spread = (variance / self.seen).sqrt()
        self.centre = self.centre + move / self.seen

    @torch.no_grad()
    def calibrate(self) -> None:
        """Let the generator start from the scales of real paths; start the averages anew."""
        self.generator.sigma.copy_(self.sigma)
        away = self.centre - self.centre.mean(0)
        whole = (self.spread.square() + away.square()).mean(0).sqrt()
        self.spread = self.spread.maximum(0.01 * whole.clamp_min(1e-4))
        self.generator.gain.fill_(float((self.roughness / 1.2).clamp(0.2, 1.0).mean()))
        for net, average in self.averages:
            average.load_state_dict(net.state_dict())

    def descend(self, name: str, loss: Tensor, rate: float) -> None:
        optimizer = self.adam[name]
        group = optimizer.param_groups[0]
        group["lr"] = rate
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(group["params"], 10.0)
        optimizer.step()

    @torch.no_grad()
    def sample(self, count: int) -> Tensor:
        self.embedder.eval()
        (_, generator), (_, supervisor) = self.averages
        x_hat: Tensor = self.recovery(supervisor(generator(*self.noise(count))))
        return x_hat


def adam(parameters: Iterable[nn.Parameter]) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, lr=1e-3, betas=(0.0, 0.99))


def cosine(progress: float) -> float:
    """Return the factor of the learning rate: 1 at the start, 0.05 at the end."""
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))


def energy_distance(real: Tensor, fake: Tensor, directions: Tensor) -> Tensor:
    """Return the sliced energy distance of the windows of a batch."""
    r, f = real.flatten(1) @ directions, fake.flatten(1) @ directions  # (B, P)

    def inside(v: Tensor) -> Tensor:
        return (v[:, None] - v).abs().sum((0, 1)) / (len(v) * (len(v) - 1))

    across = (r[:, None] - f).abs().mean((0, 1))
    return (2 * across - inside(r) - inside(f)).mean()


Baseline = Reference | Recipe
BASELINES: dict[str, Callable[..., Baseline]] = {"reference": Reference, "timegan": Recipe}


def batches(windows: Tensor, size: int, draws: int = 3) -> Tensor:
    """Return random windows (K, B, T, C) out of all of them (N, T, C)."""
    return windows[torch.randint(len(windows), (draws, size))]
