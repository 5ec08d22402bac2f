"""Diffusion: a VAE with many layers of latents z_1 … z_T, as large as x, whose encoder is fixed and only adds noise.

q(z_t|x) = N(α_t x, σ_t² I) with α_t² + σ_t² = 1. The log signal-to-noise ratio λ_t = log(α_t²/σ_t²), ``logsnr`` in code, falls with t
and fixes both: α_t² = sigmoid(λ_t), σ_t² = sigmoid(−λ_t). A schedule is λ_1 … λ_T, a tensor (steps,). All that is learned is
``predict(z, logsnr)``, which estimates the noise in z (batch, data) at log signal-to-noise ratios (batch,).

Sources: Sohl-Dickstein et al. 2015, arXiv:1503.03585; Ho, Jain and Abbeel 2020, arXiv:2006.11239; the notation is that of Kingma,
Salimans, Poole and Ho 2021, arXiv:2107.00630.
"""

import itertools
import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vae_edu.densities import gaussian_kl
from vae_edu.objectives import Objective, Terms

__all__ = [
    "Diffusion",
    "GaussianMixtureDenoiser",
    "Predict",
    "cosine_schedule",
    "denoised",
    "denoising_elbo",
    "guided",
    "linear_schedule",
    "posterior",
    "prior_rate",
    "sample",
    "signal_and_noise",
    "simple_loss",
    "step_loss",
    "wider_step",
]

Predict = Callable[[Float[Tensor, "batch data"], Float[Tensor, " batch"]], Float[Tensor, "batch data"]]


def linear_schedule(steps: int, *, high: float = 9.0, low: float = -7.0) -> Float[Tensor, " steps"]:
    """λ_1 … λ_T, evenly spaced from ``high`` to ``low``. Raises ``ValueError`` for fewer than two steps and ``high`` ≤ ``low``."""
    _require_schedule(steps, high, low)
    return torch.linspace(high, low, steps)


def cosine_schedule(steps: int, *, high: float = 9.0, low: float = -7.0) -> Float[Tensor, " steps"]:
    """λ_1 … λ_T with α_t = cos(π u_t/2), u_t evenly spaced between the places that give ``high`` and ``low``: most steps are spent
    where signal and noise are of one size.

    Raises ``ValueError`` as ``linear_schedule`` does. Source: Nichol and Dhariwal 2021, arXiv:2102.09672, without its offset.
    """
    _require_schedule(steps, high, low)
    first, last = (math.atan(math.exp(-end / 2)) for end in (high, low))
    return -2 * torch.linspace(first, last, steps, dtype=torch.float64).tan().log().to(torch.get_default_dtype())


def signal_and_noise(logsnr: Float[Tensor, " batch"]) -> tuple[Float[Tensor, "batch 1"], Float[Tensor, "batch 1"]]:
    """α and σ, as columns."""
    return logsnr.sigmoid().sqrt()[:, None], (-logsnr).sigmoid().sqrt()[:, None]


def posterior(
    z: Float[Tensor, "batch data"], x: Float[Tensor, "batch data"], logsnr_s: Tensor, logsnr_t: Tensor
) -> tuple[Float[Tensor, "batch data"], Float[Tensor, "batch 1"]]:
    """Mean and variance of q(z_s|z_t, x) at z_t = ``z``, for a step s with less noise than t; both log-SNRs (batch,).

    With r = SNR_t/SNR_s: the mean is r (α_s/α_t) z_t + (1 − r) α_s x, the variance (1 − r) σ_s² in each entry.

    Source: Kingma et al. 2021, arXiv:2107.00630.
    """
    (alpha_s, sigma_s), (alpha_t, _) = signal_and_noise(logsnr_s), signal_and_noise(logsnr_t)
    left = -torch.expm1(logsnr_t - logsnr_s)[:, None]  # 1 − r
    return (1 - left) * alpha_s / alpha_t * z + left * alpha_s * x, left * sigma_s**2


def denoised(z: Float[Tensor, "batch data"], noise: Float[Tensor, "batch data"], logsnr: Float[Tensor, " batch"]):
    """The x̂ that belongs to a predicted noise: z = α x̂ + σ noise, solved for x̂."""
    alpha, sigma = signal_and_noise(logsnr)
    return (z - sigma * noise) / alpha


def step_loss(
    predict: Predict,
    x: Float[Tensor, "batch data"],
    eps: Float[Tensor, "batch data"],
    t: Int[Tensor, " batch"],
    logsnr: Float[Tensor, " steps"],
) -> Float[Tensor, " batch"]:
    """What step t contributes to −ELBO(x), in nats, estimated with z_t = α_t x + σ_t ``eps``; t counts from 1.

    t > 1: KL(q(z_{t−1}|z_t, x) || p(z_{t−1}|z_t)) = ½ (exp(λ_{t−1} − λ_t) − 1) ‖eps − predict(z_t, λ_t)‖², where p is q with x̂ for x.
    t = 1: −log p(x|z_1) with p(x|z_1) = N(z_1/α_1, σ_1²/α_1² I), so nothing is learned there: ½ Σ_d (eps_d² + log 2π − λ_1).

    Source: Kingma et al. 2021, arXiv:2107.00630, in terms of the noise.
    """
    own, before = logsnr[t - 1], logsnr[(t - 2).clamp(min=0)]
    alpha, sigma = signal_and_noise(own)
    error = ((eps - predict(alpha * x + sigma * eps, own)) ** 2).sum(dim=1)
    last = 0.5 * (eps**2 + math.log(2 * math.pi) - own[:, None]).sum(dim=1)
    return torch.where(t > 1, 0.5 * torch.expm1(before - own) * error, last)


def wider_step(kl: Float[Tensor, " batch"], wider: Float[Tensor, ""], data: int) -> Float[Tensor, " batch"]:
    """The KL of a step whose p(z_{t−1}|z_t) has (1 + ``wider``) times the variance of q; ``kl``: with equal variances.

    Best for step t, on average, is wider_t = u_t = 2 E[kl]/data = (SNR_{t−1}/SNR_t − 1) E‖eps − predict‖²/data. Then the step costs
    ½ data log(1 + u_t) in place of ½ data u_t.

    Source: the variance as in Bao et al. 2022, arXiv:2201.06503.
    """
    return kl / (1 + wider) + 0.5 * data * (torch.log1p(wider) - wider / (1 + wider))


def prior_rate(x: Float[Tensor, "batch data"], logsnr: Float[Tensor, " steps"]) -> Float[Tensor, " batch"]:
    """KL(q(z_T|x) || N(0, I)) in nats: what is left of x in the last latent."""
    alpha, _ = signal_and_noise(logsnr[-1:])
    return gaussian_kl(alpha * x, nn.functional.logsigmoid(-logsnr[-1]).expand_as(x))


@torch.no_grad()
def sample(
    predict: Predict, n: int, data: int, logsnr: Float[Tensor, " steps"], *, generator: torch.Generator
) -> Float[Tensor, "n data"]:
    """``n`` samples of x: z_T from N(0, I), each z_{t−1} from p(z_{t−1}|z_t), x from p(x|z_1). ``predict`` is called T − 1 times."""
    z = torch.randn(n, data, generator=generator)
    for place in range(len(logsnr) - 1, 0, -1):
        own, before = logsnr[place].expand(n), logsnr[place - 1].expand(n)
        mean, variance = posterior(z, denoised(z, predict(z, own), own), before, own)
        z = mean + variance.sqrt() * torch.randn(n, data, generator=generator)
    alpha, sigma = signal_and_noise(logsnr[:1])
    return (z + sigma * torch.randn(n, data, generator=generator)) / alpha


class Diffusion(nn.Module):
    """A network that predicts the noise, with the mean and the scale of the data.

    data: the number of entries of x. mean, scale: of the data; the diffusion works on (x − mean)/scale. width, layers: of the network, with
    SiLUs; it reads z, and the log-SNR as numbers between −1 and 1. labels: how many classes it may be told; it is trained with some
    labels left out, and then knows p(x) too.

    noise = σ (z + α network(z, λ)). With network = 0 this is the best prediction for x ~ N(0, I), and training starts there. Since
    E[eps|z] = −σ ∇ log q(z), the network learns how the gradient of log q(z) differs from that of a Gaussian.
    """

    def __init__(
        self,
        data: int,
        *,
        mean: Tensor,
        scale: float | Tensor = 1.0,
        width: int = 128,
        layers: int = 3,
        labels: int = 0,
    ):
        super().__init__()
        self.data, self.labels = data, labels
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.float32))
        self.register_buffer("frequencies", torch.tensor([0.1, 0.25, 0.5]))
        widths = [data + 2 * len(self.frequencies) + labels, *[width] * layers]
        hidden = [part for a, b in itertools.pairwise(widths) for part in (nn.Linear(a, b), nn.SiLU())]
        self.network = nn.Sequential(*hidden, nn.Linear(width, data))
        nn.init.zeros_(self.network[-1].weight)
        nn.init.zeros_(self.network[-1].bias)

    def forward(self, z: Float[Tensor, "batch data"], logsnr: Float[Tensor, " batch"], label: Tensor | None = None):
        """The predicted noise. label: (batch,) whole numbers, −1 where the class is not told; None where none is."""
        alpha, sigma = signal_and_noise(logsnr)
        angles = logsnr[:, None] * self.frequencies
        inputs = [z, angles.sin(), angles.cos()]
        if self.labels:
            told = torch.full((len(z),), -1) if label is None else label
            inputs.append((told[:, None] == torch.arange(self.labels)).to(z.dtype))
        return sigma * (z + alpha * self.network(torch.cat(inputs, dim=1)))

    def standardise(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """What the diffusion works on."""
        return (x - self.mean) / self.scale

    @torch.no_grad()
    def negative_elbo(
        self, x: Float[Tensor, "batch data"], logsnr: Float[Tensor, " steps"], *, generator: torch.Generator
    ) -> Float[Tensor, " batch"]:
        """An upper bound on −log p(x) in nats, with one noise for each step and example."""
        y, total = self.standardise(x), 0
        for t in range(1, len(logsnr) + 1):
            eps = torch.randn(y.shape, generator=generator)
            total = total + step_loss(self, y, eps, torch.full((len(y),), t), logsnr)
        return total + prior_rate(y, logsnr) + self.scale.log().expand(self.data).sum()

    def sample(
        self, n: int, logsnr: Float[Tensor, " steps"], *, generator: torch.Generator, label: Tensor | None = None
    ):
        """``n`` samples of x, (n, data)."""
        own = sample(lambda z, own: self(z, own, label), n, self.data, logsnr, generator=generator)
        return self.mean + self.scale * own


def denoising_elbo(logsnr: Float[Tensor, " steps"], loss: Callable = step_loss) -> Objective:
    """The objective −ELBO(x), for ``training.fit``, estimated with one step t for each example, times the number of steps.

    The steps of a batch of B are spread out: T times (b + u)/B, rounded up, with one u uniform on (0, 1), so that the estimate varies
    less, and each step is as probable as any other. loss: ``step_loss``, or another function with its arguments.

    Source: the steps as in Kingma et al. 2021, arXiv:2107.00630.
    """

    def objective(model: Diffusion, x: Float[Tensor, "batch data"], generator: torch.Generator) -> Terms:
        y, t = model.standardise(x), spread_steps(len(x), len(logsnr), generator)
        eps = torch.randn(y.shape, generator=generator)
        found = len(logsnr) * loss(model, y, eps, t, logsnr) + prior_rate(y, logsnr)
        return {"loss": found + model.scale.log().expand(model.data).sum()}

    return objective


def simple_loss(logsnr: Float[Tensor, " steps"], *, of: str = "noise", told: float = 0.0) -> Objective:
    """The unweighted objective ‖eps − predict(z_t, λ_t)‖², with t uniform on all steps of the schedule.

    of: "noise", or "x" for ‖x − x̂‖². told: where it is positive, a batch is ``(x, labels)``, and the network is told the label with this
    probability.

    Source: Ho et al. 2020, arXiv:2006.11239; labels left out at random: Ho and Salimans 2022, arXiv:2207.12598.
    """
    if of not in ("noise", "x"):
        raise ValueError(f"of is {of!r}; expected 'noise' or 'x'")

    def objective(model: Diffusion, batch, generator: torch.Generator) -> Terms:
        x, label = batch if told else (batch, None)
        y, t = model.standardise(x), spread_steps(len(x), len(logsnr), generator)
        if told:
            label = torch.where(torch.rand(len(x), generator=generator) < told, label, -1)
        own, eps = logsnr[t - 1], torch.randn(y.shape, generator=generator)
        alpha, sigma = signal_and_noise(own)
        error = ((eps - model(alpha * y + sigma * eps, own, label)) ** 2).sum(dim=1)
        return {"loss": error if of == "noise" else error * (-own).exp()}

    return objective


def spread_steps(n: int, steps: int, generator: torch.Generator) -> Int[Tensor, " n"]:
    """n steps between 1 and ``steps``, spread out: see ``denoising_elbo``."""
    places = (torch.arange(n) + torch.rand(1, generator=generator)) / n
    return (places * steps).long().clamp(max=steps - 1) + 1


def guided(without: Predict, told: Predict, weight: float) -> Predict:
    """Classifier-free guidance: the predicted noise ε̂ + weight · (ε̂_c − ε̂). 0: no label; 1: p(x|c); above 1: beyond it.

    Source: Ho and Salimans 2022, arXiv:2207.12598, whose w is ``weight`` − 1.
    """

    def predict(z: Float[Tensor, "batch data"], logsnr: Float[Tensor, " batch"]) -> Float[Tensor, "batch data"]:
        plain = without(z, logsnr)
        return plain + weight * (told(z, logsnr) - plain)

    return predict


class GaussianMixtureDenoiser:
    """The best possible prediction, E[eps|z_t], for x ~ Σ_k w_k N(m_k, variance I), in closed form.

    means: (components, data). weights: (components,), equal where not given. Called as ``predict`` is. Given z_t, component k has the
    probability π_k ∝ w_k N(z_t; α m_k, (α² variance + σ²) I), and E[eps|z_t] = σ (z_t − α Σ_k π_k m_k)/(α² variance + σ²).
    """

    def __init__(self, means: Float[Tensor, "components data"], variance: float, weights: Tensor | None = None):
        self.means, self.variance = means, variance
        self.log_weights = (torch.ones(len(means)) if weights is None else weights).log().log_softmax(dim=0)

    def __call__(self, z: Float[Tensor, "batch data"], logsnr: Float[Tensor, " batch"]) -> Float[Tensor, "batch data"]:
        alpha, sigma = (each.to(z.dtype) for each in signal_and_noise(logsnr))
        spread = alpha**2 * self.variance + sigma**2
        mean = self.log_parts(z, alpha, spread).softmax(dim=1) @ self.means
        return sigma * (z - alpha * mean) / spread

    def log_parts(self, z: Tensor, alpha: Tensor | float = 1.0, spread: Tensor | float | None = None) -> Tensor:
        """log w_k N(z; alpha m_k, spread I) for each component, (batch, components)."""
        spread = torch.as_tensor(self.variance if spread is None else spread, dtype=z.dtype)
        squares = ((z[:, None] - torch.as_tensor(alpha)[..., None] * self.means) ** 2).sum(dim=2)
        size = self.means.shape[1]
        return self.log_weights - 0.5 * squares / spread - 0.5 * size * (2 * math.pi * spread).log()

    def log_prob(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """log p(x) of the data, in nats."""
        return self.log_parts(x).logsumexp(dim=1)

    def sample(self, n: int, *, generator: torch.Generator) -> tuple[Float[Tensor, "n data"], Int[Tensor, " n"]]:
        """``n`` samples of x, and the component of each."""
        which = torch.multinomial(self.log_weights.exp(), n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[1], generator=generator, dtype=self.means.dtype)
        return self.means[which] + self.variance**0.5 * noise, which


def _require_schedule(steps: int, high: float, low: float) -> None:
    if steps < 2:
        raise ValueError(f"steps is {steps}; expected 2 or more")
    if not high > low:
        raise ValueError(f"high is {high} and low {low}; expected high > low, since noise grows with t")
