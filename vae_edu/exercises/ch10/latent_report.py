"""Exercise 10.1: four instruments for collapse, as one report."""

import math

import numpy as np
import torch

from vae_edu.densities import gaussian_kl_per_dimension, pairwise_gaussian_log_prob
from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.ch10.codes import draw_codes
from vae_edu.exercises.record import Exercise, Mistake, slip


def latent_report(mu, logvar, z, order, log_prob):
    """Rate of each latent, which are active, information, sensitivity to each latent: four tensors, (latent,), (latent,), () and
    (latent,), in nats. mu, logvar, z: (batch, latent), with z a sample of q(z|x). order (batch,): a permutation.
    log_prob(z): log p(x|z) of each row, (batch,)."""
    from vae_edu.densities import gaussian_kl_per_dimension, pairwise_gaussian_log_prob

    rates = gaussian_kl_per_dimension(mu, logvar).mean(dim=0)
    active = mu.var(dim=0) > 0.01
    log_q = pairwise_gaussian_log_prob(z, mu, logvar)  # row i: the density of z_i under every q
    information = (log_q.diagonal() - log_q.logsumexp(dim=1)).mean() + np.log(len(mu))
    sensitivity = []
    for j in range(mu.shape[1]):
        exchanged = z.clone()
        exchanged[:, j] = z[order, j]
        sensitivity.append((log_prob(z) - log_prob(exchanged)).mean())
    return rates, active, information, torch.stack(sensitivity)


# The pieces of which wrong answers are put together.


def table_of(z, mu, logvar):
    return pairwise_gaussian_log_prob(z, mu, logvar)


def from_table(log_q, mu, z):
    return (log_q.diagonal() - log_q.logsumexp(dim=1)).mean() + math.log(len(mu))


def one_exchanged(z, order, j):
    exchanged = z.clone()
    exchanged[:, j] = z[order, j]
    return exchanged


def the_fall(log_prob, z, exchanged):
    return (log_prob(z) - log_prob(exchanged)).mean()


def report_with(
    rates=lambda mu, logvar, z: gaussian_kl_per_dimension(mu, logvar).mean(dim=0),
    active=lambda mu, logvar, z: mu.var(dim=0) > 0.01,
    table=table_of,
    information=from_table,
    exchange=one_exchanged,
    fall=the_fall,
    sensitivity=None,
    give=lambda *report: report,
):
    """``latent_report`` with some of its parts exchanged."""

    def report(mu, logvar, z, order, log_prob):
        log_q = table(z, mu, logvar)
        if sensitivity is None:
            lost = [fall(log_prob, z, exchange(z, order, j)) for j in range(z.shape[1])]
            lost = torch.stack(lost)
        else:
            lost = sensitivity(mu, z, order, log_prob)
        return give(rates(mu, logvar, z), active(mu, logvar, z), information(log_q, mu, z), lost)

    return report


def log_prior(z):
    return -0.5 * (math.log(2 * math.pi) + z**2).sum(dim=1)


def own_left_out(log_q, mu, z, divisor=None):
    others = log_q.clone().fill_diagonal_(-math.inf)
    return (log_q.diagonal() - others.logsumexp(dim=1)).mean() + math.log(divisor or len(mu) - 1)


def in_each_latent(z, mu, logvar):
    return -0.5 * (math.log(2 * math.pi) + logvar + (z[:, None] - mu) ** 2 / logvar.exp())


def information_per_latent(mu, logvar, z, order, log_prob):
    rates, active, _, sensitivity = latent_report(mu, logvar, z, order, log_prob)
    single = in_each_latent(z, mu, logvar)
    own = torch.diagonal(single, dim1=0, dim2=1).sum(dim=0)
    return (
        rates,
        active,
        (own - (single.logsumexp(dim=1) - math.log(len(mu))).sum(dim=1)).mean(),
        sensitivity,
    )


def rates_for_information(mu, logvar, z, order, log_prob):
    rates, active, _, sensitivity = latent_report(mu, logvar, z, order, log_prob)
    return rates, active, rates.sum(), sensitivity


def own_log_q(mu, logvar, z):
    """log q(z_j|x) of each row and latent."""
    return -0.5 * (math.log(2 * math.pi) + logvar + (z - mu) ** 2 / logvar.exp())


def information_against_one_gaussian(mu, logvar, z, order, log_prob):
    rates, active, _, sensitivity = latent_report(mu, logvar, z, order, log_prob)
    variance = logvar.exp().mean(dim=0) + mu.var(dim=0, correction=0)
    mixture = own_log_q(mu.mean(dim=0), variance.log(), z)
    return rates, active, (own_log_q(mu, logvar, z) - mixture).sum(dim=1).mean(), sensitivity


def one_of(j, z):
    """True for latent j alone, (latent,)."""
    return torch.arange(z.shape[1]) == j


def underflowing(extra=0.0):
    def of(log_q, mu, z):
        density = log_q.exp()
        return ((density.diagonal() + extra).log() - (density.mean(dim=1) + extra).log()).mean()

    return of


def underflowing_mixture(extra=0.0):
    return lambda log_q, mu, z: (log_q.diagonal() - (log_q.exp().mean(dim=1) + extra).log()).mean()


def one_maximum(log_q, mu, z):
    largest = log_q.max()
    return (log_q.diagonal() - largest - (log_q - largest).exp().mean(dim=1).log()).mean()


def cumulative(mu, z, order, log_prob):
    """z is changed latent after latent, and never put back."""
    changed, lost = z.clone(), []
    for j in range(z.shape[1]):
        changed[:, j] = z[order, j]
        lost.append((log_prob(z) - log_prob(changed)).mean())
    return torch.stack(lost)


def all_at_once(mu, z, order, log_prob):
    return ((log_prob(z) - log_prob(z[order])).mean()).expand(z.shape[1])


def constant(value):
    def exchange(z, order, j):
        exchanged = z.clone()
        exchanged[:, j] = value(z, j)
        return exchanged

    return exchange


def exchanged_back(z, order, j):
    exchanged = z.clone()
    exchanged[order, j] = z[:, j]
    return exchanged


def with_another_order(other):
    return lambda mu, logvar, z, order, log_prob: latent_report(mu, logvar, z, other(order), log_prob)


UNDERFLOW = "with hundreds of latents every density is 0 in floating point: stay with logarithms, and use logsumexp"

EXERCISE = Exercise(
    id="10.1",
    title="Four instruments, one report",
    minutes=20,
    difficulty=3,
    answer=latent_report,
    cases=draw_codes,
    mistakes=(
        # rates
        slip(
            "the rates are summed over the latents: return one for each",
            report_with,
            rates=lambda mu, logvar, z: gaussian_kl_per_dimension(mu, logvar).sum(dim=1).mean(),
        ),
        slip(
            "the rates are not averaged over the rows: return one for each latent",
            report_with,
            rates=lambda mu, logvar, z: gaussian_kl_per_dimension(mu, logvar),
        ),
        slip(
            "the rates are averaged over the latents, one for each row: average over the rows, dim=0",
            report_with,
            rates=lambda mu, logvar, z: gaussian_kl_per_dimension(mu, logvar).mean(dim=1),
        ),
        slip(
            "the rates are summed over the rows: take the mean",
            report_with,
            rates=lambda mu, logvar, z: gaussian_kl_per_dimension(mu, logvar).sum(dim=0),
        ),
        slip(
            "the rates are estimated from the samples z: for Gaussians the KL divergence has a closed form, which is imported",
            report_with,
            rates=lambda mu, logvar, z: (own_log_q(mu, logvar, z) + 0.5 * (math.log(2 * math.pi) + z**2)).mean(dim=0),
        ),
        # active
        any_of(
            "active: the variance of z, and the variances of q, are near 1 in a dead latent too. Take the variance of the means alone",
            report_with(active=lambda mu, logvar, z: z.var(dim=0) > 0.01),
            report_with(active=lambda mu, logvar, z: mu.var(dim=0) + logvar.exp().mean(dim=0) > 0.01),
            report_with(active=lambda mu, logvar, z: logvar.exp().mean(dim=0) > 0.01),
        ),
        any_of(
            "active: you compare the standard deviation of the means with 0.01. The threshold is for the variance",
            report_with(active=lambda mu, logvar, z: mu.std(dim=0) > 0.01),
            report_with(active=lambda mu, logvar, z: mu.std(dim=0, correction=0) > 0.01),
        ),
        slip(
            "active: this is the mean of mu², in which an offset that all rows share counts. Take the variance",
            report_with,
            active=lambda mu, logvar, z: (mu**2).mean(dim=0) > 0.01,
        ),
        slip(
            "active: you compare the rates with 0.01. An offset or a width makes a rate without any activity",
            report_with,
            active=lambda mu, logvar, z: gaussian_kl_per_dimension(mu, logvar).mean(dim=0) > 0.01,
        ),
        slip(
            "active: this is the wrong way round. A latent is active above the threshold",
            report_with,
            active=lambda mu, logvar, z: mu.var(dim=0) <= 0.01,
        ),
        slip(
            "active: these are the variances. Say for each latent whether it is above 0.01",
            report_with,
            active=lambda mu, logvar, z: mu.var(dim=0),
        ),
        slip(
            "active: this is how many there are. Say for each latent whether it is active",
            report_with,
            active=lambda mu, logvar, z: (mu.var(dim=0) > 0.01).sum(),
        ),
        # information
        slip(
            "information: log of the batch size is missing. The mixture is the mean, not the sum, of the densities",
            report_with,
            information=lambda log_q, mu, z: from_table(log_q, mu, z) - math.log(len(mu)),
        ),
        slip(
            "information: log of the batch size has the wrong sign. The log of a mean is the log of the sum minus log n",
            report_with,
            information=lambda log_q, mu, z: from_table(log_q, mu, z) - 2 * math.log(len(mu)),
        ),
        slip(
            "information: the row's own density is left out of the mixture. This bounds from above",
            report_with,
            information=own_left_out,
        ),
        slip(
            "information: the row's own density is left out of the sum, which is still divided by n",
            report_with,
            information=lambda log_q, mu, z: own_left_out(log_q, mu, z, len(mu)),
        ),
        slip(
            "information: you average over the samples. For each z, average over the q of all rows, dim=1 of the table",
            report_with,
            information=lambda log_q, mu, z: (log_q.diagonal() - log_q.logsumexp(dim=0)).mean() + math.log(len(mu)),
        ),
        slip(
            "information: you compare with the prior, so this is an estimate of the rate. Compare with the mixture of all q",
            report_with,
            information=lambda log_q, mu, z: (log_q.diagonal() - log_prior(z)).mean(),
        ),
        slip(
            "information: this is KL(q(z) || p(z)), the other part of the rate. Compare the row's own density with the mixture",
            report_with,
            information=lambda log_q, mu, z: (log_q.logsumexp(dim=1) - math.log(len(mu)) - log_prior(z)).mean(),
        ),
        slip(
            "information: this is a mean of logarithms. The mixture is the logarithm of the mean density",
            report_with,
            information=lambda log_q, mu, z: (log_q.diagonal() - log_q.mean(dim=1)).mean(),
        ),
        slip(
            "information: the densities are those at mu. Take them at the samples z",
            report_with,
            table=lambda z, mu, logvar: table_of(mu, mu, logvar),
        ),
        Mistake(
            "information: a mixture in each latent alone mixes the codes. Sum over the latents before you average over the rows",
            information_per_latent,
        ),
        Mistake(
            "information: this is the sum of the rates, and so an upper bound. Compare the row's own density with the mixture",
            rates_for_information,
        ),
        Mistake(
            "information: you take q(z) for a Gaussian with its mean and variance. It is the average of the densities of all rows",
            information_against_one_gaussian,
        ),
        slip(
            "information: the values of the rows are not averaged. Return one number",
            report_with,
            information=lambda log_q, mu, z: log_q.diagonal() - log_q.logsumexp(dim=1) + math.log(len(mu)),
        ),
        slip(
            "information: the sign is wrong. The row's own density comes first",
            report_with,
            information=lambda log_q, mu, z: -from_table(log_q, mu, z),
        ),
        slip(
            "information: an estimate may be negative by chance. Do not cut it off at 0",
            report_with,
            information=lambda log_q, mu, z: from_table(log_q, mu, z).clamp(min=0),
        ),
        slip(
            "information: one maximum for the whole table leaves a row far below it at log 0. Take the maximum of each row, as "
            "logsumexp does",
            report_with,
            information=one_maximum,
        ),
        slip(f"information: {UNDERFLOW}", report_with, information=underflowing()),
        any_of(
            f"information: {UNDERFLOW}. A small number inside the logarithm does not bring them back",
            *(report_with(information=underflowing(extra)) for extra in (1e-12, 1e-8, 1e-10, 1e-300, 1e-30)),
            *(report_with(information=underflowing_mixture(extra)) for extra in (1e-12, 1e-8, 1e-10, 1e-300, 1e-30)),
        ),
        slip(f"information: {UNDERFLOW}", report_with, information=underflowing_mixture()),
        # sensitivity
        slip(
            "sensitivity: the sign is wrong. It is positive where an exchange lowers log p(x|z)",
            report_with,
            fall=lambda log_prob, z, exchanged: (log_prob(exchanged) - log_prob(z)).mean(),
        ),
        slip(
            "sensitivity: you exchange all latents at once. Exchange one, and leave the others as they are",
            report_with,
            sensitivity=all_at_once,
        ),
        slip(
            "sensitivity: the latents that you exchanged before stay exchanged. Begin with z for each latent",
            report_with,
            sensitivity=cumulative,
        ),
        any_of(
            "sensitivity: you set the latent to a constant. Take the value of another row, so that it is a value that occurs",
            report_with(exchange=constant(lambda z, j: 0.0)),
            report_with(exchange=constant(lambda z, j: z[:, j].mean())),
        ),
        slip(
            "sensitivity: the exchange goes the other way round. Row i gets the latent of row order[i]",
            report_with,
            exchange=exchanged_back,
        ),
        any_of(
            "sensitivity: order is not used. Row i gets the latent of row order[i]",
            with_another_order(lambda order: torch.arange(len(order)).roll(1)),
            with_another_order(lambda order: torch.arange(len(order)).roll(-1)),
            with_another_order(lambda order: torch.arange(len(order)).flip(0)),
        ),
        slip(
            "sensitivity: you exchange all latents but one. Exchange this one, and leave the others as they are",
            report_with,
            exchange=lambda z, order, j: one_exchanged(z[order], order.argsort(), j),
        ),
        slip(
            "sensitivity: you put in the mean of row order[i]. Put in its sample",
            report_with,
            sensitivity=lambda mu, z, order, log_prob: torch.stack(
                [the_fall(log_prob, z, torch.where(one_of(j, z), mu[order], z)) for j in range(mu.shape[1])]
            ),
        ),
        slip(
            "sensitivity: you exchange the means. Exchange the samples z",
            report_with,
            sensitivity=lambda mu, z, order, log_prob: torch.stack(
                [(log_prob(mu) - log_prob(one_exchanged(mu, order, j))).mean() for j in range(mu.shape[1])]
            ),
        ),
        slip(
            "sensitivity: you compare with log p(x|z) at the means. Compare with z itself",
            report_with,
            sensitivity=lambda mu, z, order, log_prob: torch.stack(
                [(log_prob(mu) - log_prob(one_exchanged(z, order, j))).mean() for j in range(mu.shape[1])]
            ),
        ),
        slip(
            "sensitivity: an exchange may help by chance. Do not cut the values off at 0",
            report_with,
            fall=lambda log_prob, z, exchanged: the_fall(log_prob, z, exchanged).clamp(min=0),
        ),
        slip(
            "sensitivity: you take absolute values. A latent whose exchange helps has a negative one",
            report_with,
            fall=lambda log_prob, z, exchanged: the_fall(log_prob, z, exchanged).abs(),
        ),
        slip(
            "sensitivity: you sum over the rows. Take the mean",
            report_with,
            fall=lambda log_prob, z, exchanged: (log_prob(z) - log_prob(exchanged)).sum(),
        ),
        # all of it
        Mistake(
            "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
            lambda mu, logvar, z, order, log_prob: latent_report(mu, 2 * logvar, z, order, log_prob),
        ),
    ),
    hints=(
        "Take one line for each instrument. Which of them needs only mu and logvar, which needs z, and which needs the decoder?",
        "pairwise_gaussian_log_prob(z, mu, logvar) is a table with log q(z_i|x_l) in row i and column l. Its diagonal holds the "
        "densities of each z under its own q; logsumexp along a row, minus log n, is the log of the mixture.",
        "exchanged = z.clone(); exchanged[:, j] = z[order, j]. Do this for each j, starting from z each time.",
    ),
)
