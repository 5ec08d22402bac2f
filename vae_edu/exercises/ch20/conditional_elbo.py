"""Exercise 20.1: the conditional ELBO."""

import numpy as np
import torch

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.ch20.elbo_parts import (
    added_logarithm,
    all_deviations,
    bernoulli,
    clamped,
    divided_by_deviation,
    divided_by_q,
    elbo_with,
    from_probabilities,
    inverted_ratio,
    kl_terms,
    log_deviations,
    logarithm_halved_twice,
    mean_only,
    ones_only,
    ratio_of_deviations,
    reversed_kl,
    sampled_rate,
    to_unit_gaussian,
    undivided_logarithm,
    undivided_square,
    unscaled_variance,
    with_default_reduction,
    with_guard,
    without_means,
    without_prior_logvar,
    without_prior_mean,
    without_square,
)
from vae_edu.exercises.record import Exercise, Family, Mistake, Property, any_guard, slip


def conditional_elbo(x, c, encoder, prior, decoder, eps):
    """The ELBO of log p(x|c) for each row, with one sample of z: (batch,), in nats."""
    mu, logvar = encoder(x, c)
    prior_mu, prior_logvar = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    logits = decoder(z, c)
    log_p = -torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    # Measured in standard deviations of p(z|c), from its mean on, p(z|c) is N(0, I), and q has the mean m and the variance r.
    m, log_r = (mu - prior_mu) / torch.exp(prior_logvar / 2), logvar - prior_logvar
    return log_p - 0.5 * (m**2 + torch.exp(log_r) - 1 - log_r).sum(dim=1)


def detached_noise(x, c, encoder, prior, decoder, eps):
    (mu, logvar), p = encoder(x, c), prior(c)
    z = (mu + torch.exp(logvar / 2) * eps).detach()
    return bernoulli(decoder(z, c), x).sum(dim=1) - kl_terms(mu, logvar, *p).sum(dim=1)


def detached_prior(x, c, encoder, prior, decoder, eps):
    return conditional_elbo(x, c, encoder, lambda c: [each.detach() for each in prior(c)], decoder, eps)


def detached_encoder(x, c, encoder, prior, decoder, eps):
    return conditional_elbo(x, c, lambda x, c: [each.detach() for each in encoder(x, c)], prior, decoder, eps)


def detached_logits(x, c, encoder, prior, decoder, eps):
    return conditional_elbo(x, c, encoder, prior, lambda z, c: decoder(z, c).detach(), eps)


def detached_result(x, c, encoder, prior, decoder, eps):
    return conditional_elbo(x, c, encoder, prior, decoder, eps).detach()


def calling_backward(always, **options):
    def elbo(x, c, encoder, prior, decoder, eps):
        own = conditional_elbo(x, c, encoder, prior, decoder, eps)
        if always or own.requires_grad:
            (-own.mean()).backward(**options)
        return own

    return elbo


GUARDED = "a small number keeps the probabilities away from 0 and 1: log p(x|z, c) is wrong for large logits. Start from the logits"


def networks(rng: np.random.Generator, data: int, context: int, latent: int, loud: float = 1.0):
    """encoder, prior and decoder: fixed functions of their inputs, (mu, logvar), (mu, logvar) and logits."""

    def weights(*shape):
        return torch.tensor(rng.normal(size=shape))

    from_x, from_c, of_prior = weights(data, 2 * latent), weights(context, 2 * latent), weights(context, 2 * latent)
    from_z, from_c_too = weights(latent, data), weights(context, data)

    def encoder(x, c):
        mu, logvar = torch.tanh(0.5 * (x - 0.4) @ from_x + 0.5 * c @ from_c).chunk(2, dim=1)
        return 2 * mu, 1.5 * logvar - 0.8

    def prior(c):
        mu, logvar = torch.tanh(0.6 * c @ of_prior).chunk(2, dim=1)
        return 1.5 * mu, 1.2 * logvar + 0.4

    def decoder(z, c):
        return loud * (z @ from_z + c @ from_c_too)

    return encoder, prior, decoder


def draw_cases(rng: np.random.Generator):
    """Several rows, classes and real numbers as c; a batch of one; one latent; logits in the hundreds."""
    for batch, data, context, latent, loud in (
        (5, 6, 3, 2, 1.0),
        (1, 4, 2, 3, 1.0),
        (4, 3, 2, 1, 1.0),
        (6, 5, 4, 2, 150.0),
    ):
        x = torch.tensor(rng.integers(0, 2, (batch, data)), dtype=torch.float64)
        c = torch.tensor(rng.normal(size=(batch, context)))
        if loud > 1:
            c = torch.eye(context, dtype=torch.float64)[torch.tensor(rng.integers(0, context, batch))]
        eps = torch.tensor(rng.normal(size=(batch, latent)))
        yield x, c, *networks(rng, data, context, latent, loud), eps


def with_leaves(function):
    """The ELBO at one fixed place, and the tensors that the gradient has to reach: the outputs of encoder and prior, and an offset of
    the decoder's logits. The networks compute with them, so that torch.no_grad around a network cuts the gradient."""
    rng = np.random.default_rng(5)
    x, c = torch.tensor(rng.integers(0, 2, (3, 4)), dtype=torch.float64), torch.tensor(rng.normal(size=(3, 2)))
    encoder, prior, decoder = networks(rng, 4, 2, 2)
    with torch.no_grad():
        outputs = [*encoder(x, c), *prior(c), torch.zeros(4, dtype=torch.float64)]
    leaves = [each.requires_grad_() for each in outputs]
    with torch.enable_grad():
        elbo = function(
            x,
            c,
            lambda x, c: tuple(each.clone() for each in leaves[:2]),
            lambda c: tuple(each.clone() for each in leaves[2:4]),
            lambda z, c: decoder(z, c) + leaves[4],
            torch.tensor(rng.normal(size=(3, 2))),
        )
    return elbo, leaves


def gradients(function, _rng) -> np.ndarray:
    """The gradient of the sum with respect to the outputs of encoder and prior and to the decoder's logits."""
    elbo, leaves = with_leaves(function)
    if not torch.is_tensor(elbo) or not elbo.requires_grad or any(each.grad is not None for each in leaves):
        return np.zeros(20)
    found = torch.autograd.grad(elbo.sum(), leaves, allow_unused=True)
    return np.concatenate([np.zeros(4) if each is None else each.numpy().ravel()[:4] for each in found])


def gradients_left(function, _rng) -> float:
    """How many of the tensors have a gradient after the call."""
    return sum(each.grad is not None for each in with_leaves(function)[1])


EXERCISE = Exercise(
    id="20.1",
    title="The conditional ELBO",
    minutes=20,
    difficulty=3,
    answer=conditional_elbo,
    cases=draw_cases,
    properties=(
        Property("the networks have no .grad after the call", gradients_left, tolerance=0.5, expected=0.0),
        Property(
            "the gradient of the ELBO reaches the encoder, the prior network and the decoder",
            gradients,
            tolerance=1e-6,
            names=tuple(
                f"gradient with respect to {name}, entry {i}"
                for name in ("mu", "logvar", "prior_mu", "prior_logvar", "the logits")
                for i in range(4)
            ),
        ),
    ),
    mistakes=(
        slip(
            "the rate is the KL to N(0, I): here the prior is p(z|c), with the mean and log-variance from prior(c)",
            elbo_with,
            kl=to_unit_gaussian,
        ),
        slip("the KL is the wrong way round: the rate is KL(q || p), with q first", elbo_with, kl=reversed_kl),
        slip(
            "z is a sample of the prior: that is how a trained model generates. The ELBO needs z from q(z|x, c)",
            elbo_with,
            sample=lambda mu, logvar, eps, p_mu, p_logvar: p_mu + torch.exp(p_logvar / 2) * eps,
        ),
        slip(
            "the standard deviation of q is exp(logvar / 2): you multiply eps by the variance",
            elbo_with,
            sample=lambda mu, logvar, eps, *_: mu + torch.exp(logvar) * eps,
        ),
        slip(
            "you multiply eps by logvar: the standard deviation is exp(logvar / 2)",
            elbo_with,
            sample=lambda mu, logvar, eps, *_: mu + logvar * eps,
        ),
        slip("z is the mean of q: the noise eps is not used", elbo_with, sample=lambda mu, *_: mu),
        slip("z is the noise alone: mu + exp(logvar / 2) · eps", elbo_with, sample=lambda mu, logvar, eps, *_: eps),
        slip(
            "mu is missing in the sample of q",
            elbo_with,
            sample=lambda mu, logvar, eps, *_: torch.exp(logvar / 2) * eps,
        ),
        slip(
            "the squared difference of the means is not divided by the variance of p(z|c)",
            elbo_with,
            kl=undivided_square,
        ),
        slip(
            "the squared difference of the means is divided by a standard deviation: divide by the variance, exp(prior_logvar)",
            elbo_with,
            kl=divided_by_deviation,
        ),
        slip(
            "the squared difference of the means is divided by the variance of q: divide by that of p(z|c)",
            elbo_with,
            kl=divided_by_q,
        ),
        slip(
            "the term with prior_logvar is missing: log r = logvar − prior_logvar", elbo_with, kl=without_prior_logvar
        ),
        slip(
            "the variance of q is not divided by that of p(z|c): r = exp(logvar − prior_logvar)",
            elbo_with,
            kl=unscaled_variance,
        ),
        slip(
            "the variance of p(z|c) is not used: you only shift by its mean",
            elbo_with,
            kl=mean_only,
        ),
        any_of(
            "logvar is the logarithm of a variance, but your KL takes it for the logarithm of a standard deviation: σ is exp(logvar / 2)",
            elbo_with(kl=log_deviations),
            elbo_with(kl=log_deviations, sample=lambda mu, logvar, eps, *_: mu + torch.exp(logvar) * eps),
        ),
        slip(
            "the ½ is missing before the difference of the log-variances: log σ is logvar / 2",
            elbo_with,
            kl=undivided_logarithm,
        ),
        any_of(
            "your KL has a standard deviation, exp(logvar / 2), where it needs a variance, exp(logvar)",
            elbo_with(kl=ratio_of_deviations),
            elbo_with(kl=all_deviations),
        ),
        slip(
            "in the KL, log r = logvar − prior_logvar is added: subtract it",
            elbo_with,
            kl=added_logarithm,
        ),
        slip(
            "r is upside down in the KL: it is the variance of q divided by that of p(z|c)",
            elbo_with,
            kl=inverted_ratio,
        ),
        slip(
            "the difference of the log-variances is halved twice: log(σ_p/σ_q) is half of it, and the ½ before the sum is that half",
            elbo_with,
            kl=logarithm_halved_twice,
        ),
        slip("the mean of p(z|c) is taken as 0 in the KL", elbo_with, kl=without_prior_mean),
        slip("the difference of the means is not squared in the KL", elbo_with, kl=without_square),
        slip(
            "the means are missing in the KL: it has the term (mu − prior_mu)² / exp(prior_logvar)",
            elbo_with,
            kl=without_means,
        ),
        slip(
            "the standard deviation of q belongs in its sample: you multiply eps by that of p(z|c)",
            elbo_with,
            sample=lambda mu, logvar, eps, p_mu, p_logvar: mu + torch.exp(p_logvar / 2) * eps,
        ),
        slip(
            "the KL is averaged over the batch: each row has a KL of its own",
            elbo_with,
            rate=lambda kl, _z, *terms: kl(*terms).sum(dim=1).mean(),
        ),
        slip(
            "only the pixels that are 1 are counted: a pixel that is 0 has log(1 − p)",
            elbo_with,
            log_terms=ones_only,
        ),
        slip(
            "the ½ of the KL is missing",
            elbo_with,
            kl=lambda *terms: 2 * kl_terms(*terms),
        ),
        any_of(
            "the rate is estimated from z. On average that is right too; this exercise asks for the exact KL",
            elbo_with(rate=sampled_rate),
        ),
        slip(
            "the rate is missing: the ELBO is log p(x|z, c) minus the KL", elbo_with, combine=lambda log_p, rate: log_p
        ),
        slip(
            "log p(x|z, c) is missing: you return the negative rate alone",
            elbo_with,
            combine=lambda log_p, rate: -rate,
        ),
        slip("the rate is added: subtract it", elbo_with, combine=lambda log_p, rate: log_p + rate),
        slip(
            "this is −ELBO: the ELBO is log p(x|z, c) minus the KL", elbo_with, combine=lambda log_p, rate: rate - log_p
        ),
        slip(
            "the sign of log p(x|z, c) is wrong: binary_cross_entropy_with_logits is its negative",
            elbo_with,
            combine=lambda log_p, rate: -log_p - rate,
        ),
        slip("log p(x|z, c) is a mean over the pixels: sum over them", elbo_with, over_pixels=torch.mean),
        slip(
            "the KL is a mean over the latents: sum over them",
            elbo_with,
            rate=lambda kl, _z, *terms: kl(*terms).mean(dim=1),
        ),
        slip(
            "a sigmoid is applied twice: binary_cross_entropy_with_logits takes the logits as they are",
            elbo_with,
            log_terms=lambda logits, x: bernoulli(torch.sigmoid(logits), x),
        ),
        slip(
            "squared error in place of log p(x|z, c): the pixels are binary, and the decoder gives their logits",
            elbo_with,
            log_terms=lambda logits, x: -((torch.sigmoid(logits) - x) ** 2),
        ),
        any_guard(GUARDED, with_guard),
        Family(GUARDED, clamped, (1e-7, 1e-6, 1e-8, 1e-5, 1e-4, 1e-3, 1e-10, 1e-12), any_between=(1e-14, 0.1)),
        slip(
            "the logarithm of a probability that has become 0: start from the logits, not from probabilities",
            elbo_with,
            log_terms=from_probabilities,
        ),
        any_of(
            "binary_cross_entropy_with_logits reduces over batch and pixels at once. Take reduction='none', and sum over the pixels",
            *(
                with_default_reduction(log_p, rate)
                for log_p, rate in (
                    ("mean", lambda kl: kl.mean()),
                    ("mean", lambda kl: kl.sum(dim=1).mean()),
                    ("mean", lambda kl: kl.sum()),
                    ("mean", lambda kl: kl.sum(dim=1)),
                    ("sum", lambda kl: kl.sum(dim=1)),
                )
            ),
        ),
        slip("one number for the whole batch: return one ELBO for each row", elbo_with, reduce=torch.mean),
        slip("a sum over the batch: return one ELBO for each row", elbo_with, reduce=torch.sum),
        slip(
            "a batch of one loses its axis (does a squeeze remove it?): return the shape (batch,)",
            elbo_with,
            reduce=torch.squeeze,
        ),
        Mistake("no gradient flows back through z: do not detach it, and use no torch.no_grad", detached_noise),
        Mistake("no gradient reaches prior(c): p(z|c) is trained along with the others", detached_prior),
        Mistake("no gradient reaches encoder(x, c): it is trained along with the others", detached_encoder),
        Mistake("no gradient reaches the decoder: it is trained along with the others", detached_logits),
        Mistake(
            "no gradient reaches any of the networks: compute with tensors, without torch.no_grad, detach, item or numpy",
            detached_result,
        ),
        any_of(
            "you call backward: return the ELBO, and leave the gradients to the training loop",
            calling_backward(False, retain_graph=True),
            calling_backward(True),
        ),
    ),
    hints=(
        "Which of the three networks produces the distribution that z is sampled from, and which one is it compared with?",
        "You know the KL to N(0, I). Measure z from the mean of p(z|c) on, in standard deviations of p(z|c). What is p(z|c) in this unit, "
        "and what are the mean and the variance of q? A KL does not depend on the unit.",
        "z = mu + torch.exp(logvar / 2) * eps. In the new unit the mean of q is (mu − prior_mu) / exp(prior_logvar / 2), and its "
        "log-variance is logvar − prior_logvar.",
    ),
)
