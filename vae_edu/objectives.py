"""What ``training.fit`` minimises. An objective is called as ``objective(model, batch, generator)`` and returns its terms
per example, by name, each of shape ``(batch,)``; the one named ``loss`` is minimised, the others are recorded beside it.
A batch is what ``fit`` was given, some rows of it: a tensor, or a tuple of tensors such as images and labels."""

import math
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.densities import log_mean_exp, reparameterise
from vae_edu.posteriors import GaussianPosterior, Posterior, posterior_of

__all__ = [
    "Batch",
    "Objective",
    "Scheduled",
    "Terms",
    "cross_entropy",
    "cyclical",
    "denoising_error",
    "free_bits",
    "importance_log_weights",
    "importance_weighted",
    "log_weights_under",
    "negative_elbo",
    "squared_error",
    "target_rate",
    "total_correlation",
    "total_correlation_weight",
    "warm_up",
]

Terms = dict[str, Float[Tensor, " batch"]]
Batch = Tensor | tuple[Tensor, ...]
Objective = Callable[[nn.Module, Batch, torch.Generator], Terms]


def squared_error(model: nn.Module, x: Float[Tensor, "batch data"], generator: torch.Generator) -> Terms:
    """The autoencoder's loss ‖x − decode(encode(x))‖² per example: the sum over data dimensions, in squared data units."""
    return {"loss": ((x - model.decode(model.encode(x))) ** 2).sum(dim=1)}


def denoising_error(corrupt: Callable[[Tensor, torch.Generator], Tensor]) -> Objective:
    """The denoising autoencoder's objective: ‖x − decode(encode(corrupt(x)))‖² per example, with fresh noise at each call.

    Source: Vincent, Larochelle, Bengio and Manzagol 2008, "Extracting and composing robust features with denoising
    autoencoders", section 2.
    """

    def objective(model: nn.Module, x: Float[Tensor, "batch data"], generator: torch.Generator) -> Terms:
        return {"loss": ((x - model.decode(model.encode(corrupt(x, generator)))) ** 2).sum(dim=1)}

    return objective


def cross_entropy(model: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator) -> Terms:
    """−log p(label|x) per example, in nats, from the model's logits; a batch is ``(x, labels)``."""
    x, labels = batch
    return {"loss": functional.cross_entropy(model(x), labels, reduction="none")}


def negative_elbo(
    model: nn.Module,
    x: Num[Tensor, "batch data"],
    generator: torch.Generator | None = None,
    *,
    beta: float = 1.0,
    eps: Float[Tensor, "batch latent"] | None = None,
) -> Terms:
    """distortion + beta · rate per example, in nats, estimated with one draw z ~ q(z|x); with beta = 1 it is −ELBO(x).

    distortion = −log p(x|z), rate = KL(q(z|x) || p(z)). The rate is exact where q is a Gaussian and the prior is N(0, I), and
    else estimated with the same draw. Beside these two and the loss stands ``elbo`` = −distortion − rate, whatever ``beta`` is: the number
    to report. What the likelihood is taken of is drawn afresh at each call: binary pixels from the grey values in ``x``
    where the model's likelihood is Bernoulli. The noise of the draw comes from
    ``generator``, or is given as ``eps``. For training with another ``beta``, ``functools.partial(negative_elbo, beta=4)``
    is an objective, and ``Scheduled(negative_elbo, beta=warm_up(0.3))`` one whose ``beta`` changes during training.

    Source: Kingma and Welling 2014, arXiv:1312.6114, equation 10; beta as in Higgins et al. 2017, "beta-VAE: learning
    basic visual concepts with a constrained variational framework", equation 4.
    """
    distortion, rates = _distortion_and_rates(model, x, generator, eps)
    return _terms(distortion + beta * rates.sum(dim=1), distortion, rates)


def free_bits(threshold: float) -> Objective:
    """The objective distortion + Σ_j max(threshold, R_j), where R_j is the rate of dimension j, averaged over the batch.
    A prior whose rate does not come apart by dimensions has one R.

    Below ``threshold`` nats a dimension's rate costs nothing more, so it has no gradient; above, it has all of it. The
    maximum is taken of the batch mean, so the rate in the loss is the same for each example; ``rate`` and ``elbo`` are each
    example's own. On several processes the batch is each one's share. The objective takes a ``beta`` that multiplies the sum,
    default 1, so ``Scheduled(free_bits(0.1), beta=warm_up(0.5))`` has a warm-up. Raises ``ValueError`` for a negative ``threshold``.

    Source: Kingma et al. 2016, arXiv:1606.04934, appendix C.8, with one latent dimension for each group.
    """
    if threshold < 0:
        raise ValueError(f"threshold is {threshold}; expected 0 nats or more")

    def objective(
        model: nn.Module, x: Num[Tensor, "batch data"], generator: torch.Generator, *, beta: float = 1.0
    ) -> Terms:
        distortion, rates = _distortion_and_rates(model, x, generator)
        return _terms(distortion + beta * rates.mean(dim=0).clamp(min=threshold).sum(), distortion, rates)

    return objective


def target_rate(target: float, *, weight: float) -> Objective:
    """The objective distortion + weight · |R − target|, where R is the rate in nats, averaged over the batch.

    Where ``weight`` is large, R is held at ``target``, and the distortion is made as small as it can be there. On several
    processes the batch is each one's share. The objective takes a ``beta`` that multiplies ``weight``, default 1.

    Source: Burgess et al. 2018, arXiv:1804.03599, equation 8.
    """

    def objective(
        model: nn.Module, x: Num[Tensor, "batch data"], generator: torch.Generator, *, beta: float = 1.0
    ) -> Terms:
        distortion, rates = _distortion_and_rates(model, x, generator)
        return _terms(distortion + beta * weight * (rates.sum(dim=1).mean() - target).abs(), distortion, rates)

    return objective


def importance_weighted(draws: int) -> Objective:
    """The objective −log (1/K) Σ_k w_k per example, with K = ``draws`` weights w_k = p(x|z_k) p(z_k) / q(z_k|x).

    Its mean bounds −log p(x) more closely than −ELBO(x) does, which it is for K = 1. Beside it stand ``distortion``,
    the mean over the draws, the ``rate`` of ``negative_elbo``, and ``elbo``. Raises ``ValueError`` for fewer than one draw.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, equation 8.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; expected 1 or more")

    def objective(model: nn.Module, x: Num[Tensor, "batch data"], generator: torch.Generator) -> Terms:
        observed = model.observe(x, generator=generator)
        q = posterior_of(model, observed)
        z, log_q = q.repeat(draws).sample(generator=generator)
        log_likelihoods = model.log_prob(observed.repeat(draws, *(1 for _ in observed.shape[1:])), z)
        log_weights = log_likelihoods + model.prior.log_prob(z) - log_q()
        loss = -log_mean_exp(log_weights.view(draws, -1), dim=0)
        distortion = -log_likelihoods.view(draws, -1).mean(dim=0)
        return _terms(loss, distortion, q.rates(model.prior, z[: len(q)], lambda: log_q()[: len(q)]))

    return objective


def importance_log_weights(
    model: nn.Module,
    observed: Num[Tensor, "batch data"],
    mu: Float[Tensor, "batch latent"],
    logvar: Float[Tensor, "batch latent"],
    generator: torch.Generator | None = None,
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """log p(x|z) + log p(z) − log q(z|x), and log p(x|z), for one draw z ~ q(z|x) = N(mu, diag(exp(logvar))) in each row."""
    return log_weights_under(GaussianPosterior(mu, logvar), model, observed, generator)


def log_weights_under(
    q: Posterior, model: nn.Module, observed: Num[Tensor, "batch data"], generator: torch.Generator | None = None
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """log p(x|z) + log p(z) − log q(z|x), and log p(x|z), for one sample z of any q(z|x) in each row, in nats."""
    z, log_q = q.sample(generator=generator)
    log_likelihood = model.log_prob(observed, z)
    return log_likelihood + model.prior.log_prob(z) - log_q(), log_likelihood


def total_correlation(
    z: Float[Tensor, "batch latent"], mu: Float[Tensor, "batch latent"], logvar: Float[Tensor, "batch latent"]
) -> Float[Tensor, " batch"]:
    """log q(z) − Σ_j log q(z_j) for each row, in nats, where z_i ~ q(z|x_i) = N(mu_i, diag(exp(logvar_i))), and q(z) and each q(z_j)
    are averages over the batch. Its mean estimates the total correlation KL(q(z) || Π_j q(z_j)) of the code.

    log q(z_i) = log (1/M) Σ_k q(z_i|x_k), with M rows, the own one among them. The minibatch-weighted sampling of the source
    divides by N·M, with N the number of training examples. Its values are larger by (latent − 1) log N, a constant, so both
    have the same gradient. A batch is small, and the value is biased: compare values of equal batches only. Raises
    ``ValueError`` for a batch of one, which says nothing of q(z).

    Source: Chen, Li, Grosse and Duvenaud 2018, arXiv:1802.04942, section 3.1; the total correlation is Watanabe's, 1960.
    """
    if len(z) < 2:
        raise ValueError("z has 1 row: the total correlation of q(z) needs a batch of 2 or more")
    # [i, k, j]: latent j of sample i under the q of row k
    log_q = -0.5 * ((z[:, None] - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi))
    together, alone = log_q.sum(dim=2).logsumexp(dim=1), log_q.logsumexp(dim=1).sum(dim=1)
    return together - alone + (z.shape[1] - 1) * math.log(len(z))


def total_correlation_weight(beta: float) -> Objective:
    """The objective of the β-TCVAE, distortion + rate + (beta − 1) · total correlation. With beta = 1 it is −ELBO.

    The rate is information + total correlation + Σ_j KL(q(z_j) || p(z_j)), and ``beta`` multiplies the second part alone.
    Beside the terms of ``negative_elbo`` stands the ``total_correlation``, estimated from the batch.

    Source: Chen, Li, Grosse and Duvenaud 2018, arXiv:1802.04942, equation 4 with α = γ = 1.
    """

    def objective(model: nn.Module, x: Num[Tensor, "batch data"], generator: torch.Generator | None = None) -> Terms:
        observed = model.observe(x, generator=generator)
        mu, logvar = model.encode(observed)
        z = reparameterise(mu, logvar, generator=generator)
        distortion, rates = -model.log_prob(observed, z), model.prior.rates(mu, logvar, z)
        correlation = total_correlation(z, mu, logvar)
        terms = _terms(distortion + rates.sum(dim=1) + (beta - 1) * correlation, distortion, rates)
        return terms | {"total_correlation": correlation}

    return objective


def _distortion_and_rates(
    model: nn.Module, x: Tensor, generator: torch.Generator | None, eps: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """−log p(x|z) for one draw z ~ q(z|x), (batch,), and the rate in the parts that the prior has, (batch, parts)."""
    observed = model.observe(x, generator=generator)
    q = posterior_of(model, observed)
    z, log_q = q.sample(generator=generator, eps=eps)
    return -model.log_prob(observed, z), q.rates(model.prior, z, log_q)


def _terms(loss: Tensor, distortion: Tensor, rates: Tensor) -> Terms:
    rate = rates.sum(dim=1)
    return {"loss": loss, "elbo": -distortion - rate, "distortion": distortion, "rate": rate}


class Scheduled:
    """An objective with arguments that change during training, each a schedule: a function of the share of training done.

    ``fit`` hands ``objective`` the schedules' values at each step. It advances by the steps of training, and nothing else:
    ``evaluate`` takes the objective itself, so that what is reported is at fixed arguments.
    """

    def __init__(self, objective: Callable[..., Terms], **schedules: Callable[[float], float]):
        self.objective, self.schedules = objective, schedules

    def at(self, done: float) -> Objective:
        """The objective when this share of training, in [0, 1], is done."""
        return partial(self.objective, **{name: schedule(done) for name, schedule in self.schedules.items()})


def warm_up(share: float) -> Callable[[float], float]:
    """A schedule that rises linearly from 0 at the start of training to 1 when ``share`` of it is done, and stays there.

    Raises ``ValueError`` for a ``share`` outside (0, 1].

    Source: Bowman et al. 2016, arXiv:1511.06349, section 3.1, linear as in Sønderby et al. 2016, arXiv:1602.02282.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; expected a number above 0, up to 1")
    return lambda done: min(done / share, 1.0)


def cyclical(cycles: int, *, ramp: float = 0.5) -> Callable[[float], float]:
    """A schedule of equal cycles: each rises linearly from 0 to 1 in its first ``ramp`` share, and stays at 1 for the rest.

    Raises ``ValueError`` for fewer than one cycle and for a ``ramp`` outside (0, 1].

    Source: Fu et al. 2019, arXiv:1903.10145, equations 6 and 7.
    """
    if cycles < 1:
        raise ValueError(f"cycles is {cycles}; expected 1 or more")
    if not 0 < ramp <= 1:
        raise ValueError(f"ramp is {ramp}; expected a number above 0, up to 1")
    rise = warm_up(ramp)
    return lambda done: 1.0 if done >= 1 else rise(done * cycles % 1)
