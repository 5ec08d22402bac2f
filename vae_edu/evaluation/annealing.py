"""Bounds on log p(x) from annealed importance sampling: from below for any x, from above where an exact posterior sample is
known. Everything in nats, per example.

The path leads from the prior to the posterior: p_t(z) ∝ p(z) p(x|z)^{β_t} with 0 = β_0 < β_1 < … < β_T = 1. A chain
moves along it, at each β_t by a transition that leaves p_t as it is (here Hamiltonian Monte Carlo), and its weight collects
what the path gains:

log w = Σ_t (β_t − β_{t−1}) log p(x|z_{t−1}),     E[w] = p(x) from the prior to the posterior, with any number of steps.

The model comes as two things. The function ``log_likelihood(x, z)`` returns log p(x|z) per example: ``model.log_prob`` of a VAE
with any decoder, ``model.log_likelihood`` of pPCA. The prior is the model's own, ``model.prior``: the path begins there, so with
another prior than the model's the result is the evidence of another model, and nothing in it would say so. ``x`` is what the
likelihood is taken of (``model.observe``), and a network belongs in evaluation mode. The latents have the precision of ``x``,
in which the prior must be able to compute; the weights are summed in float64.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Num
from torch import Tensor

from vae_edu.densities import log_mean_exp

__all__ = [
    "AnnealedBound",
    "LogLikelihood",
    "Prior",
    "annealed_lower_bound",
    "annealed_upper_bound",
    "linear_schedule",
    "sigmoid_schedule",
]

LogLikelihood = Callable[[Tensor, Tensor], Float[Tensor, " rows"]]

ROWS = 2000  # chains that walk at a time: more take more memory
PILOT_STEPS, PILOT_CHAINS = 200, 4  # of the walk that finds the step sizes
GAIN, LONGEST = 0.2, 1.0  # how fast it learns, and the longest step; the width of N(0, I) is 1
JITTER = 0.2  # each trajectory's step size is off by up to this fraction, lest its length be a whole number of periods


@runtime_checkable
class Prior(Protocol):
    """A prior p(z): those of ``vae_edu.models.priors``, and whatever else has these three."""

    latent: int

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z) in nats, differentiable in z."""
        ...

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` samples of z."""
        ...


class AnnealedBound(NamedTuple):
    """A bound on log p(x), and what it is made of.

    bound (batch,): in nats. log_weights (chains, batch): log w of each chain, an estimate of log p(x) with a bias;
    ``bounds.effective_sample_size`` of them (of −log w for the bound from above) says how many chains count.
    acceptance (batch,): the fraction of transitions that the Metropolis test accepted.
    """

    bound: Float[Tensor, " batch"]
    log_weights: Float[Tensor, "chains batch"]
    acceptance: Float[Tensor, " batch"]


def linear_schedule(steps: int) -> Float[Tensor, " points"]:
    """β_t = t/T for t = 0 … T, with T = ``steps``; shape (steps + 1,), in float64.

    Raises ``ValueError`` for fewer than one step.
    """
    _require_positive(steps=steps)
    return torch.arange(steps + 1, dtype=torch.float64) / steps


def sigmoid_schedule(steps: int, *, reach: float = 4.0) -> Float[Tensor, " points"]:
    """β_t = (σ(δ (2t/T − 1)) − σ(−δ)) / (σ(δ) − σ(−δ)) for t = 0 … T, with T = ``steps``, δ = ``reach`` and the logistic
    function σ(u) = 1/(1 + e^{−u}); shape (steps + 1,), in float64.

    Its steps are small at both ends, where p_t changes fastest. As δ goes to 0 it becomes ``linear_schedule``. Raises
    ``ValueError`` for fewer than one step and where ``reach`` is not above 0.

    Source: Grosse, Ghahramani and Adams 2015, arXiv:1511.02543; δ = 4 as in the code of Wu et al. 2017.
    """
    _require_positive(steps=steps)
    if not 0 < reach < math.inf:
        raise ValueError(f"reach is {reach}; expected a number above 0")
    gamma = (reach * (2 * linear_schedule(steps) - 1)).sigmoid()
    betas = (gamma - gamma[0]) / (gamma[-1] - gamma[0])
    betas[-1] = 1.0
    return betas


@torch.no_grad()
def annealed_lower_bound(
    log_likelihood: LogLikelihood,
    x: Num[Tensor, "batch data"],
    prior: Prior,
    *,
    betas: Float[Tensor, " points"],
    chains: int = 16,
    leapfrog: int = 3,
    acceptance: float = 0.65,
    generator: torch.Generator | None = None,
) -> AnnealedBound:
    """log (1/S) Σ_s w_s with the weights of S = ``chains`` chains, per example: on average at most log p(x), by Jensen's
    inequality, and towards it with more steps (or chains).

    A chain starts at z_0 ~ p(z); for t = 1 … T its weight gains (β_t − β_{t−1}) log p(x|z_{t−1}), and it moves from z_{t−1} to
    z_t. With one step, ``betas`` = (0, 1), this is importance sampling with the prior as q.

    prior: p(z), the model's own; it gives the samples that the chains start from, and its density is part of every p_t.
    betas: ``sigmoid_schedule(steps)``, for one. A move is one trajectory of ``leapfrog`` leapfrog steps from a new random
    momentum, and a Metropolis test; a trajectory that leaves the finite numbers is rejected. acceptance: what fraction of moves
    the step sizes aim at. They are found by a pilot walk along the
    same path, on chains of its own, one step size for each example and β. The walk that is weighed keeps them fixed, so they
    do not depend on its states: each move leaves p_t exactly as it is, and E[w] = p(x) holds exactly. (Wu et al. adapt
    during the walk itself.)

    Costs (steps − 1) · ``leapfrog`` gradients for each chain and example, and the pilot 200 · ``leapfrog`` on 4 chains. For
    the same number of gradients, more steps with short trajectories bring the bound closer than few with long ones (Wu et
    al. take 10 leapfrog steps). Memory grows with ``chains``, but not with the steps, nor with the examples beyond 2000
    chains in all. Raises ``ValueError`` for fewer than one chain or leapfrog step, for ``betas`` that do not rise
    from 0 to 1, and for an ``acceptance`` outside (0, 1).

    Source: Neal 2001, "Annealed importance sampling", Statistics and Computing 11, 125–139; for decoders: Wu, Burda,
    Salakhutdinov and Grosse 2017, arXiv:1611.04273.
    """
    _require_path(betas, acceptance, chains=chains, leapfrog=leapfrog)
    parts = []
    for rows in x.split(_at_once(chains)):
        path = _Path(log_likelihood, rows, prior, betas, leapfrog, generator)
        steps = path.step_sizes(acceptance)
        log_weights, accepted = path.walk(path.start(chains), chains, steps)
        parts.append((log_mean_exp(log_weights, dim=0), log_weights, accepted))
    return _joined(parts)


@torch.no_grad()
def annealed_upper_bound(
    log_likelihood: LogLikelihood,
    x: Num[Tensor, "batch data"],
    z: Float[Tensor, "rows latent"],
    prior: Prior,
    *,
    betas: Float[Tensor, " points"],
    chains: int = 16,
    leapfrog: int = 3,
    acceptance: float = 0.65,
    generator: torch.Generator | None = None,
) -> AnnealedBound:
    """−log (1/S) Σ_s 1/w_s with the weights of S = ``chains`` chains that walk the path backwards, per example: on average at
    least log p(x), and towards it with more steps. (Slowly, where the prior is a mixture whose components hardly overlap: a
    chain has to visit them all on its way down.)

    ``z`` has to be an exact sample of the posterior p(z|x). There is one where the model itself made the data: z ~ p(z)
    and then x ~ p(x|z). On real data there is none, and a sample of q(z|x) gives no bound. All chains of an example
    start at its z. For t = T … 1 the weight gains (β_t − β_{t−1}) log p(x|z_{t−1}), and then the chain moves from z_{t−1} to
    z_{t−2} by the transition of p_{t−1}, the one between the same two in ``annealed_lower_bound``. Each move leaves its p_t
    unchanged. Hence E[1/w] = 1/p(x), and the bound follows by Jensen's inequality. It holds on average over the posterior's z
    too: take the mean over many examples. All chains share that z, so only more steps make the bound tight. Together with the
    bound from below it is known as bidirectional Monte Carlo (BDMC).

    The other arguments, the step sizes and the costs are those of ``annealed_lower_bound``. Raises ``ValueError`` as there,
    and where ``z`` does not have one row for each row of ``x`` and one column for each latent of the prior.

    Source: Grosse, Ghahramani and Adams 2015, arXiv:1511.02543; for decoders: Wu et al. 2017, arXiv:1611.04273.
    """
    if z.shape != (len(x), prior.latent):
        raise ValueError(f"z has shape {tuple(z.shape)}, expected {(len(x), prior.latent)}: a row for each row of x")
    _require_path(betas, acceptance, chains=chains, leapfrog=leapfrog)
    parts = []
    for rows, starts in zip(x.split(_at_once(chains)), z.split(_at_once(chains)), strict=True):
        path = _Path(log_likelihood, rows, prior, betas, leapfrog, generator)
        steps = path.step_sizes(acceptance)
        log_weights, accepted = path.walk(starts.to(path.dtype).repeat(chains, 1), chains, steps, backwards=True)
        parts.append((-log_mean_exp(-log_weights, dim=0), log_weights, accepted))
    return _joined(parts)


class _State(NamedTuple):
    """Where the chains stand, log p(x|z) and log p(z) there, and their gradients with respect to z."""

    z: Float[Tensor, "rows latent"]
    log_likelihood: Float[Tensor, " rows"]
    log_prior: Float[Tensor, " rows"]
    gradient: Float[Tensor, "rows latent"]
    prior_gradient: Float[Tensor, "rows latent"]


class _Path:
    """The path of distributions for some examples. Chains stand in rows: all examples for the first chain, then for the
    second, and so on."""

    def __init__(
        self,
        log_likelihood: LogLikelihood,
        x: Tensor,
        prior: Prior,
        betas: Tensor,
        leapfrog: int,
        generator: torch.Generator | None,
    ):
        self.log_likelihood, self.prior, self.x = log_likelihood, prior, x
        self.leapfrog, self.generator = leapfrog, generator
        self.betas = betas.double().tolist()
        self.dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()

    def start(self, chains: int) -> Tensor:
        """A sample of the prior for each chain and example."""
        z = self.prior.sample(chains * len(self.x), generator=self.generator)
        return z.to(dtype=self.dtype, device=self.x.device)

    def walk(
        self, z: Tensor, chains: int, step_sizes: Tensor, *, backwards: bool = False
    ) -> tuple[Float[Tensor, "chains batch"], Float[Tensor, " batch"]]:
        """log w of each chain, and the fraction of moves accepted for each example. ``step_sizes`` (points, batch)."""
        x = self._repeated(chains)
        state = self._at(x, z)
        log_weights = torch.zeros(len(z), dtype=torch.float64, device=z.device)
        accepted = torch.zeros_like(log_weights)
        last = len(self.betas) - 1
        order = range(last, 0, -1) if backwards else range(1, last + 1)
        for number, t in enumerate(order):
            if number:
                between = t if backwards else t - 1  # the move is of the distribution that both gains share
                step_size = step_sizes[between].repeat(chains)
                state, _, moved = self._move(x, state, self.betas[between], step_size)
                accepted += moved
            log_weights += (self.betas[t] - self.betas[t - 1]) * state.log_likelihood.double()
        fraction = accepted.view(chains, -1).mean(dim=0) / max(1, last - 1)
        return log_weights.view(chains, -1), fraction

    def step_sizes(self, acceptance: float) -> Float[Tensor, "points batch"]:
        """A step size for each point of the path and each example, at which about this fraction of moves is accepted.

        A pilot walks from the prior along the path, and after each move adds GAIN · (fraction accepted − ``acceptance``) to
        the logarithm of the example's step size. It has as many steps for a short path as for a long one: between two
        points of the path, β is interpolated there, and the step size here.
        """
        points = len(self.betas)
        log_size = torch.full((len(self.x),), math.log(LONGEST / 2), dtype=self.dtype, device=self.x.device)
        if points == 2:  # no moves
            return log_size.exp().repeat(points, 1)
        x = self._repeated(PILOT_CHAINS)
        state = self._at(x, self.start(PILOT_CHAINS))
        found = [log_size]
        for i in range(1, PILOT_STEPS + 1):
            t = min(int(i * (points - 1) / PILOT_STEPS), points - 2)
            part = i * (points - 1) / PILOT_STEPS - t
            beta = (1 - part) * self.betas[t] + part * self.betas[t + 1]
            state, probability, _ = self._move(x, state, beta, log_size.exp().repeat(PILOT_CHAINS))
            log_size = log_size + GAIN * (probability.view(PILOT_CHAINS, -1).mean(dim=0) - acceptance)
            log_size = log_size.clamp(max=math.log(LONGEST))
            found.append(log_size)
        table = torch.stack(found)
        place = torch.arange(points, dtype=torch.float64) / (points - 1) * PILOT_STEPS
        below = place.long().clamp(max=PILOT_STEPS - 1)
        part = (place - below).to(table)[:, None]
        return ((1 - part) * table[below] + part * table[below + 1]).exp()

    def _move(self, x: Tensor, state: _State, beta: float, step_size: Tensor) -> tuple[_State, Tensor, Tensor]:
        """One trajectory and its Metropolis test, at p_t(z) ∝ p(z) p(x|z)^β: the new state, the probability with
        which each row was to be accepted, and whether it was."""
        momentum = self._noise(*state.z.shape)
        jitter = 1 + JITTER * (2 * self._uniform(len(x)) - 1)
        step = (step_size * jitter)[:, None]
        before = _energy(state, momentum, beta)
        new = state
        momentum = momentum + step / 2 * _force(new, beta)
        for i in range(self.leapfrog):
            new = self._at(x, new.z + step * momentum)
            momentum = momentum + (step if i < self.leapfrog - 1 else step / 2) * _force(new, beta)
        probability = (before - _energy(new, momentum, beta)).exp().clamp(max=1).nan_to_num(nan=0.0)
        accepted = self._uniform(len(x)) < probability
        kept = (torch.where(accepted.view(-1, *(1,) * (a.ndim - 1)), a, b) for a, b in zip(new, state, strict=True))
        return _State(*kept), probability, accepted

    def _at(self, x: Tensor, z: Tensor) -> _State:
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            logs = self.log_likelihood(x, z), self.prior.log_prob(z)
            gradients = [torch.autograd.grad(each.sum(), z)[0] for each in logs]
        return _State(z.detach(), *(each.detach() for each in logs), *gradients)

    def _repeated(self, chains: int) -> Tensor:
        return self.x.repeat(chains, *(1,) * (self.x.ndim - 1))

    def _noise(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, dtype=self.dtype, device=self.x.device)

    def _uniform(self, n: int) -> Tensor:
        return torch.rand(n, generator=self.generator, dtype=self.dtype, device=self.x.device)


def _energy(state: _State, momentum: Tensor, beta: float) -> Tensor:
    """−log p_t(z) up to a constant, plus the momentum's energy."""
    return 0.5 * (momentum**2).sum(dim=1) - state.log_prior - beta * state.log_likelihood


def _force(state: _State, beta: float) -> Tensor:
    """The gradient of log p_t(z)."""
    return state.prior_gradient + beta * state.gradient


def _at_once(chains: int) -> int:
    """How many examples walk at a time."""
    return max(1, ROWS // max(chains, PILOT_CHAINS))


def _joined(parts: list[tuple[Tensor, Tensor, Tensor]]) -> AnnealedBound:
    return AnnealedBound(*(torch.cat(part, dim=-1) for part in zip(*parts, strict=True)))


def _require_path(betas: Tensor, acceptance: float, **counts: int) -> None:
    _require_positive(**counts)
    if betas.ndim != 1 or len(betas) < 2 or betas[0] != 0 or betas[-1] != 1 or not (betas.diff() > 0).all():
        raise ValueError(f"betas of shape {tuple(betas.shape)} do not rise from 0 to 1, each above the one before")
    if not 0 < acceptance < 1:
        raise ValueError(f"acceptance is {acceptance}; expected a fraction between 0 and 1")


def _require_positive(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} is {count}; expected 1 or more")
