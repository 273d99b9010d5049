"""A training loop in plain PyTorch, with the networks and losses of timegan."""

import torch

from timegan.data.simulated import sines
from timegan.nn import losses
from timegan.nn.networks import Networks


def minimize(loss: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def main(steps: int = 2_000, window: int = 24) -> torch.Tensor:
    """Train on sine waves; return ten windows (10, T, 5)."""
    x = torch.tensor(sines(1_000, window).iloc[:, 1:].to_numpy()).float().reshape(-1, window, 5)
    recurrent = dict.fromkeys(("autoencoder", "supervisor", "generator", "critics"), "recurrent")
    sizes = {"hidden": 24, "layers": 1, "latent": 24, "noise": 5, "static_noise": 0}
    off = dict.fromkeys(("increments", "per_step_normalization", "whitening", "ema_decay"), 0)
    net = Networks(5, window, cell="gru", noise_distribution="normal", **recurrent, **sizes, **off)
    random = torch.Generator().manual_seed(0)
    coders = torch.optim.Adam([*net.embedder.parameters(), *net.recovery.parameters()], 1e-3)
    movers = torch.optim.Adam([*net.generator.parameters(), *net.supervisor.parameters()], 1e-3)
    critics = torch.optim.Adam(net.discriminator.parameters(), 1e-3)
    for _ in range(steps):
        real = x[torch.randint(len(x), (128,), generator=random)]
        minimize(losses.reconstruction(real, net.recovery(net.embedder(real))), coders)
        h = net.embedder(real).detach()
        h_hat = net.supervisor(net.generate(*net.draw_noise(128, random))[0])
        close = losses.supervised(h, net.supervisor(h)) + losses.moments(real, net.recovery(h_hat))
        minimize(losses.bce_real(*net.discriminator(h_hat)) + 10 * close, movers)
        (y_real,), (y_fake,) = map(net.discriminator, (h, h_hat.detach()))
        minimize(losses.bce_real(y_real) + losses.bce_real(-y_fake), critics)
    return net.synthesise(*net.draw_noise(10, random)).x


if __name__ == "__main__":
    print(main().shape)
