"""Normalising flows: invertible maps z = f(u) whose log |det ∂f/∂u| is cheap, and a VAE whose q(z|x) is carried through one.

A flow is called as ``flow(u, context)`` and returns z (batch, latent) and log |det ∂z/∂u| (batch,), in nats. By the change of
variables, log q(z) = log q(u) − log |det ∂z/∂u|. ``flow.context`` is how many numbers each row of ``context`` has: what the flow is
told about x. Those with an ``inverse`` go back from z to u, and so give the density of any z.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.models.vae import ResidualVAE
from vae_edu.posteriors import FlowPosterior

__all__ = ["CouplingFlow", "FlowVAE", "InverseAutoregressiveFlow", "MaskedLinear", "PlanarFlow", "planar_step"]

Flowed = tuple[Float[Tensor, "batch latent"], Float[Tensor, " batch"]]


def planar_step(
    z: Float[Tensor, "batch latent"],
    u: Float[Tensor, "batch latent"],
    w: Float[Tensor, "batch latent"],
    b: Float[Tensor, "batch 1"],
) -> Flowed:
    """z + û tanh(wᵀz + b) and its log-determinant log |1 + (1 − tanh²(wᵀz + b)) wᵀû|, for each row.

    û = u + (softplus(wᵀu) − 1 − wᵀu) w/‖w‖² has wᵀû > −1, so the step can be inverted for every u. ``w`` must not be 0.

    Source: Rezende and Mohamed 2015, arXiv:1505.05770, equations 10–12 and appendix A.1.
    """
    along = (w * u).sum(dim=1, keepdim=True)
    u = u + (functional.softplus(along) - 1 - along) * w / (w**2).sum(dim=1, keepdim=True)
    bent = torch.tanh((w * z).sum(dim=1, keepdim=True) + b)
    slope = (1 - bent**2) * (w * u).sum(dim=1, keepdim=True)
    return z + u * bent, slope.squeeze(1).log1p()


class PlanarFlow(nn.Module):
    """``steps`` planar steps: each moves z along one direction û, by an amount that depends on its place along another, w.

    A step has 2·latent + 1 numbers u, w, b. Those of the flow itself begin with b = 0, a random w of length about 1, and the u with
    which the step is the identity: u = ln(e − 1) w/‖w‖² makes wᵀû = softplus(wᵀu) − 1 = 0, and so û = 0. What the context says of x is
    added to them. Raises ``ValueError`` for fewer than one step.

    Source: Rezende and Mohamed 2015, arXiv:1505.05770, section 4.1.
    """

    def __init__(self, latent: int, steps: int):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps is {steps}; expected 1 or more")
        self.latent, self.context = latent, steps * (2 * latent + 1)
        w = torch.randn(steps, latent) / latent**0.5
        u = math.log(math.e - 1) * w / (w**2).sum(dim=1, keepdim=True)
        self.own = nn.Parameter(torch.cat([u, w, torch.zeros(steps, 1)], dim=1))

    def forward(
        self, z: Float[Tensor, "batch latent"], context: Float[Tensor, "batch context"] | None = None
    ) -> Flowed:
        log_det = z.new_zeros(len(z))
        numbers = self.own.expand(len(z), *self.own.shape)  # (batch, steps, 2·latent + 1)
        if context is not None:
            numbers = numbers + context.view_as(numbers)
        for step in numbers.unbind(dim=1):
            z, gained = planar_step(z, *step.split([self.latent, self.latent, 1], dim=1))
            log_det = log_det + gained
        return z, log_det


class MaskedLinear(nn.Linear):
    """A linear layer without some of its connections: y = (mask ⊙ W) x + b, with a mask (outputs, inputs) of ones and zeros."""

    def __init__(self, mask: Float[Tensor, "outputs inputs"]):
        outputs, inputs = mask.shape
        super().__init__(inputs, outputs)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch outputs"]:
        return functional.linear(x, self.mask * self.weight, self.bias)


class _Autoregressive(nn.Module):
    """m and s (batch, latent) from z and the context, where m_j and s_j depend on z_1 … z_{j−1} and on all of the context."""

    def __init__(self, latent: int, hidden: int, context: int):
        super().__init__()
        place = torch.arange(latent)
        reads = (
            torch.arange(hidden) % latent - 1
        )  # a hidden unit sees the latents up to this one; -1: the context alone
        self.inner = MaskedLinear((reads[:, None] >= place).float())
        self.told = nn.Linear(context, hidden, bias=False) if context else None
        self.outer = MaskedLinear((place[:, None] > reads).float().repeat(2, 1))

    def forward(self, z: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        h = self.inner(z)
        if self.told is not None:
            h = h + self.told(context)
        m, s = self.outer(functional.silu(h)).chunk(2, dim=1)
        return m, s


class InverseAutoregressiveFlow(nn.Module):
    """``steps`` steps z_j ← g_j z_j + (1 − g_j) m_j with gates g = σ(s + 2), where m_j and s_j come from the latents before j and
    from the context. The Jacobian is triangular, so the log-determinant is Σ_j log g_j. The order of the latents is reversed
    between steps.

    hidden: units of each masked network, which has one hidden layer. context: how many numbers the flow is told about x. A step is one
    pass through the network; ``inverse`` needs one pass for each latent. Raises ``ValueError`` for fewer than one step.

    Source: Kingma et al. 2016, arXiv:1606.04934, section 3 and algorithm 1; the masks as in Germain, Gregor, Murray and Larochelle 2015,
    arXiv:1502.03509.
    """

    def __init__(self, latent: int, steps: int, *, hidden: int = 100, context: int = 0):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps is {steps}; expected 1 or more")
        self.latent, self.context = latent, context
        self.networks = nn.ModuleList(_Autoregressive(latent, hidden, context) for _ in range(steps))

    def forward(
        self, z: Float[Tensor, "batch latent"], context: Float[Tensor, "batch context"] | None = None
    ) -> Flowed:
        log_det = z.new_zeros(len(z))
        for network in self.networks:
            m, s = network(z, context)
            gate = torch.sigmoid(s + 2)  # nearly open: the flow begins close to the identity
            z = (gate * z + (1 - gate) * m).flip(1)
            log_det = log_det + functional.logsigmoid(s + 2).sum(dim=1)
        return z, log_det

    def inverse(
        self, z: Float[Tensor, "batch latent"], context: Float[Tensor, "batch context"] | None = None
    ) -> Flowed:
        """u with ``flow(u, context)`` = z, and log |det ∂u/∂z|: one latent after another."""
        log_det = z.new_zeros(len(z))
        for network in reversed(self.networks):
            z = z.flip(1)
            u = torch.zeros_like(z)
            for j in range(self.latent):
                m, s = network(u, context)
                gate = torch.sigmoid(s[:, j] + 2)
                u = u.index_copy(1, torch.tensor([j]), ((z[:, j] - (1 - gate) * m[:, j]) / gate)[:, None])
            log_det = log_det - functional.logsigmoid(network(u, context)[1] + 2).sum(dim=1)
            z = u
        return z, log_det


class CouplingFlow(nn.Module):
    """``steps`` affine couplings, as in RealNVP: z_b ← z_b ⊙ exp(s(z_a)) + t(z_a), where z_a is one half of the latents, which stays as it
    is. The log-determinant is Σ s. The order of the latents is reversed between steps, so that the halves take turns.

    hidden: units of each network, which has one hidden layer; |s| stays below 2. It begins as the identity, up to the order. It
    needs two latents or more, and takes no context. Both directions cost the same. Raises ``ValueError`` for fewer than one step and
    for one latent.

    Source: Dinh, Sohl-Dickstein and Bengio 2017, arXiv:1605.08803, equations 4–8.
    """

    def __init__(self, latent: int, steps: int, *, hidden: int = 100):
        super().__init__()
        if steps < 1 or latent < 2:
            raise ValueError(f"steps is {steps} and latent is {latent}; expected 1 or more, and 2 or more")
        self.latent, self.context, self.kept = latent, 0, latent // 2
        changed = latent - self.kept
        self.networks = nn.ModuleList(
            nn.Sequential(nn.Linear(self.kept, hidden), nn.SiLU(), nn.Linear(hidden, 2 * changed)) for _ in range(steps)
        )
        for network in self.networks:
            nn.init.zeros_(network[-1].weight)
            nn.init.zeros_(network[-1].bias)

    def forward(self, z: Float[Tensor, "batch latent"], context: None = None) -> Flowed:
        log_det = z.new_zeros(len(z))
        for network in self.networks:
            a, b = z[:, : self.kept], z[:, self.kept :]
            s, t = self._scale_and_shift(network, a)
            z = torch.cat([a, b * s.exp() + t], dim=1).flip(1)
            log_det = log_det + s.sum(dim=1)
        return z, log_det

    def inverse(self, z: Float[Tensor, "batch latent"]) -> Flowed:
        """u with ``flow(u)`` = z, and log |det ∂u/∂z|."""
        log_det = z.new_zeros(len(z))
        for network in reversed(self.networks):
            z = z.flip(1)
            a, b = z[:, : self.kept], z[:, self.kept :]
            s, t = self._scale_and_shift(network, a)
            z = torch.cat([a, (b - t) * (-s).exp()], dim=1)
            log_det = log_det - s.sum(dim=1)
        return z, log_det

    def _scale_and_shift(self, network: nn.Module, kept: Tensor) -> tuple[Tensor, Tensor]:
        s, t = network(kept).chunk(2, dim=1)
        return 2 * torch.tanh(s / 2), t


class FlowVAE(ResidualVAE):
    """A VAE as ``ResidualVAE``, with q(z|x) carried through a flow: z = f(z_0; context), z_0 ~ N(mu, diag(exp(logvar))).

    flow: with as many latents; the encoder's last layer outputs its context as well. The other arguments are those of
    ``ResidualVAE``. ``fit``, the objectives and the bounds ask for ``approximate_posterior``. What works with ``mu`` and
    ``logvar`` alone does not apply: ``encode`` returns three tensors. Raises ``ValueError`` where the flow has another number of latents.

    Source: Rezende and Mohamed 2015, arXiv:1505.05770, algorithm 1.
    """

    def __init__(self, data: int, latent: int, *, flow: nn.Module, **options):
        super().__init__(data, latent, **options)
        if flow.latent != latent:
            raise ValueError(f"flow has {flow.latent} latents; expected {latent}, as the model has")
        self.flow = flow
        self.encoder[-1] = nn.Linear(self.encoder[-1].in_features, 2 * latent + flow.context)
        with torch.no_grad():
            self.encoder[-1].weight[2 * latent :] *= 0.1  # at first the flow is nearly the same for every x

    def encode(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"], Float[Tensor, "batch context"]]:
        """The mean and the log-variance of z_0, and what the flow is told about x."""
        return self.encoder(x - self.mean).split([self.latent, self.latent, self.flow.context], dim=1)

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Those of q(z|x), with the flow's own."""
        return [*self.encoder.parameters(), *self.flow.parameters()]

    def approximate_posterior(self, observed: Float[Tensor, "batch data"]) -> FlowPosterior:
        """q(z|x) of each example."""
        return FlowPosterior(self.flow, *self.encode(observed))

    @torch.no_grad()
    def reconstruct(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z] at the z to which the flow carries the mean of z_0."""
        mu, _, context = self.encode(x)
        return self.likelihood.mean(self.decode(self.flow(mu, context)[0]))
