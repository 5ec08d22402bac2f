"""Exercise 15.2: the density of a prior that is made of couplings."""

import math

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Property, slip


def coupling_log_prob(z, networks, kept):
    """log p(z) of z (batch, latent) under a prior made of couplings: (batch,), in nats. networks: one function for each coupling, in the
    order of sampling; network(a) returns s and t for a (batch, kept). All are torch tensors."""
    import torch

    log_det = torch.zeros_like(z[:, 0])
    for network in reversed(networks):
        z = z.flip(1)
        a, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a, (b - t) * (-s).exp()], dim=1)
        log_det = log_det - s.sum(dim=1)
    return -0.5 * (z**2 + np.log(2 * np.pi)).sum(dim=1) + log_det


def split_front(z, kept):
    return z[:, :kept], z[:, kept:]


def standard_normal(u):
    return -0.5 * (u**2 + math.log(2 * math.pi)).sum(dim=1)


def log_prob_with(
    *,
    order=reversed,
    before=lambda z: z.flip(1),
    after=lambda z: z,
    undo=lambda b, s, t: (b - t) * (-s).exp(),
    gained=lambda s: -s.sum(dim=1),
    base=standard_normal,
    at=lambda z, u: u,
):
    """The model answer, put together from its parts."""

    def log_prob(z, networks, kept):
        import torch

        u, total = z, torch.zeros_like(z[:, 0])
        for network in order(list(networks)):
            a, b = split_front(before(u), kept)
            s, t = network(a)
            u = after(torch.cat([a, undo(b, s, t)], dim=1))
            total = total + gained(s)
        return base(at(z, u)) + total

    return log_prob


def forwards(sign):
    """From z on, what sampling does to the noise."""

    def log_prob(z, networks, kept):
        import torch

        u, total = z, torch.zeros_like(z[:, 0])
        for network in networks:
            a, b = split_front(u, kept)
            s, t = network(a)
            u = torch.cat([a, b * s.exp() + t], dim=1).flip(1)
            total = total + sign * s.sum(dim=1)
        return standard_normal(u) + total

    return log_prob


def last_latents_kept(z, networks, kept):
    import torch

    total = torch.zeros_like(z[:, 0])
    for network in reversed(networks):
        z = z.flip(1)
        b, a = z[:, :-kept], z[:, -kept:]
        s, t = network(a)
        z = torch.cat([(b - t) * (-s).exp(), a], dim=1)
        total = total - s.sum(dim=1)
    return standard_normal(z) + total


def with_distributions(z, networks, kept):
    import torch

    total = torch.zeros(len(z), dtype=z.dtype)
    for k in range(len(networks) - 1, -1, -1):
        turned = torch.flip(z, dims=[1])
        s, t = networks[k](turned[:, :kept])
        z = turned.clone()
        z[:, kept:] = (turned[:, kept:] - t) / torch.exp(s)
        total -= s.sum(1)
    return torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1) + total


class CouplingNetwork(tuple):
    """A function like the networks of a RealNVP: s and t of the kept half. As the tuple of its weights (inner, outer, offset) it can be
    compared, so that a list of networks which has been reversed is noticed."""

    def __call__(self, a):
        import torch

        inner, outer, offset = self
        s, t = (torch.tanh(a @ inner) @ outer + offset).chunk(2, dim=1)
        return torch.tanh(s), t


def draw_cases(rng: np.random.Generator):
    """Several couplings, one, none; two latents; parts of unequal size, on either side of a half; a batch of one."""
    import torch

    for batch, latent, kept, steps in (
        (5, 4, 2, 3),
        (4, 2, 1, 2),
        (6, 5, 2, 1),
        (1, 3, 1, 4),
        (3, 2, 1, 0),
        (4, 5, 3, 2),
    ):
        networks = []
        for _ in range(steps):
            shapes = (kept, 6), (6, 2 * (latent - kept)), (2 * (latent - kept),)
            networks.append(CouplingNetwork(torch.from_numpy(rng.normal(size=shape)) for shape in shapes))
        yield torch.from_numpy(1.5 * rng.normal(size=(batch, latent))), networks, kept


def gradients(function, rng):
    """The gradient of the density with respect to z; 0 where no path leads there."""
    import torch

    z, networks, kept = next(iter(draw_cases(np.random.default_rng(0))))
    z.requires_grad_()
    value = function(z, networks, kept)
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        return np.zeros(z.numel())
    found = torch.autograd.grad(value.sum(), z, allow_unused=True)[0]
    return np.zeros(z.numel()) if found is None else found.flatten().numpy()


EXERCISE = Exercise(
    id="15.2",
    title="The density of a RealNVP prior",
    minutes=12,
    difficulty=2,
    answer=coupling_log_prob,
    cases=draw_cases,
    properties=(Property("the gradient of log p(z) with respect to z", gradients, 1e-6),),
    also_right=(with_distributions, log_prob_with()),
    mistakes=(
        slip(
            "the log-determinant has the wrong sign: you go from z to u, so a scale above 1 makes the density smaller",
            log_prob_with,
            gained=lambda s: s.sum(dim=1),
        ),
        slip("the log-determinant is missing", log_prob_with, gained=lambda s: 0 * s.sum(dim=1)),
        slip("each s counts, not their mean over the latents", log_prob_with, gained=lambda s: -s.mean(dim=1)),
        slip(
            "the couplings are undone from the first to the last: the last one of sampling comes first",
            log_prob_with,
            order=list,
        ),
        slip("the order of the latents is never reversed", log_prob_with, before=lambda z: z),
        slip(
            "you undo the coupling first and the reversal after it: in sampling the reversal comes last, so it is undone first",
            log_prob_with,
            before=lambda z: z,
            after=lambda z: z.flip(1),
        ),
        slip("this is the coupling itself, b·exp(s) + t: undo it", log_prob_with, undo=lambda b, s, t: b * s.exp() + t),
        slip(
            "you divide by exp(s) before you subtract t: t was added last, so it is subtracted first",
            log_prob_with,
            undo=lambda b, s, t: b * (-s).exp() - t,
        ),
        slip("t is subtracted, but nothing is divided by exp(s)", log_prob_with, undo=lambda b, s, t: b - t),
        slip("t is not subtracted", log_prob_with, undo=lambda b, s, t: b * (-s).exp()),
        slip(
            "the constant of the normal density is missing, ½ log 2π for each latent",
            log_prob_with,
            base=lambda u: -0.5 * (u**2).sum(dim=1),
        ),
        slip("the normal density is that of u, not of z", log_prob_with, at=lambda z, u: z),
        slip(
            "the constant is that of one latent: ½ log 2π counts for each latent",
            log_prob_with,
            base=lambda u: -0.5 * (u**2).sum(dim=1) - 0.5 * math.log(2 * math.pi),
        ),
        slip(
            "the squares are averaged over the latents: sum over them",
            log_prob_with,
            base=lambda u: -0.5 * (u**2).mean(dim=1) - 0.5 * u.shape[1] * math.log(2 * math.pi),
        ),
        slip(
            "s is added up over the batch as well: each example has its own log-determinant, s.sum(dim=1)",
            log_prob_with,
            gained=lambda s: -s.sum(),
        ),
        any_of(
            "this is the way of sampling, from noise to z: here z is given, so go back from z to the noise",
            forwards(1),
            forwards(-1),
        ),
        any_of(
            "the last latents are kept: a are the first kept ones",
            last_latents_kept,
        ),
        slip(
            "the normal density is missing: this is the log-determinant", log_prob_with, base=lambda u: 0 * u.sum(dim=1)
        ),
    ),
    hints=(
        "Write down one coupling of the sampler, with its reversal. Which of its lines was the last? Undo that one first.",
        "z was reversed after b became b·exp(s) + t. Since a did not change, the network gives the same s and t again. The change of "
        "variables then needs log |det ∂u/∂z|, the negative of what sampling has.",
        "for network in reversed(networks): z = z.flip(1); a, b = z[:, :kept], z[:, kept:]; s, t = network(a). Then undo b.",
    ),
)
