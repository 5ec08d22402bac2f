"""More answers to exercises 3.1, 3.2 and 3.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import scipy.linalg
import torch
from scipy.special import logsumexp, softmax
from scipy.stats import norm

# --- 3.1 -------------------------------------------------------------------------------------------------------------


def joint_of(x, probabilities, means, variances, constant=0.5, logvar=0.5):
    squares = 0.5 * (x[:, None] - means) ** 2 / variances
    terms = -constant * np.log(2 * np.pi) - logvar * np.log(variances) - squares
    return terms.sum(-1) + np.log(probabilities)


def both_of(joint):
    return logsumexp(joint, 1), softmax(joint, 1)


def with_norm_logpdf(x, probabilities, means, variances):
    joint = np.log(probabilities) + norm.logpdf(x[:, None], means, np.sqrt(variances)).sum(2)
    return logsumexp(joint, 1), np.exp(joint - logsumexp(joint, 1, keepdims=True))


def with_torch_normal(*arguments):
    x, p, m, v = map(torch.tensor, arguments)
    joint = torch.distributions.Normal(m, v.sqrt()).log_prob(x[:, None]).sum(-1) + p.log()
    return torch.logsumexp(joint, 1), joint.softmax(1)


def constant_not_halved(*arguments):
    return both_of(joint_of(*arguments, constant=1, logvar=1))


def two_pi_outside_of_the_logarithm(*arguments):
    return both_of(joint_of(*arguments, constant=0, logvar=np.pi))


def mixture_for_each_dimension(x, probabilities, means, variances):
    terms = -0.5 * (np.log(2 * np.pi * variances) + (x[:, None] - means) ** 2 / variances)
    log_p = logsumexp(terms + np.log(probabilities)[:, None], 1).sum(-1)
    return log_p, both_of(joint_of(x, probabilities, means, variances))[1]


def log_p_that_underflows(*arguments):
    joint = joint_of(*arguments)
    return np.log(np.exp(joint).sum(1)), softmax(joint, 1)


def posterior_where_it_underflows(joint, rescue):
    p = np.exp(joint)
    total = p.sum(1, keepdims=True)
    return logsumexp(joint, 1), np.where(total > 0, p / np.where(total > 0, total, 1), rescue)


def equal_where_it_underflows(x, probabilities, means, variances):
    return posterior_where_it_underflows(joint_of(x, probabilities, means, variances), 1 / len(means))


def prior_where_it_underflows(x, probabilities, means, variances):
    return posterior_where_it_underflows(joint_of(x, probabilities, means, variances), probabilities)


def variances_of_1(x, probabilities, means, variances):
    return both_of(joint_of(x, probabilities, means, np.ones_like(variances)))


def variances_of_the_first(x, probabilities, means, variances):
    return both_of(joint_of(x, probabilities, means, variances[0]))


def probabilities_logged_in_place(x, probabilities, means, variances):
    found = both_of(joint_of(x, probabilities, means, variances))
    np.log(probabilities, out=probabilities)
    return found


# --- 3.2 -------------------------------------------------------------------------------------------------------------


def by_the_gain(x, decoder, jacobian, variance, start, steps):
    def gain(j):
        return j.T @ np.linalg.inv(j @ j.T + variance * np.eye(len(x)))

    z = start
    for _ in range(steps):
        j = jacobian(z)
        z = gain(j) @ (x - decoder(z) + j @ z)
    return z, np.eye(len(z)) - gain(jacobian(z)) @ jacobian(z)


def by_the_precision(x, decoder, jacobian, variance, start, steps):
    z = np.array(start, float)
    for _ in range(steps):
        j = jacobian(z)
        z = z + np.linalg.solve(np.eye(z.size) + j.T @ j / variance, j.T @ (x - decoder(z)) / variance - z)
    return z, np.linalg.inv(np.eye(z.size) + jacobian(z).T @ jacobian(z) / variance)


def covariance_is_m(x, decoder, jacobian, variance, start, steps):
    mean, covariance = by_the_precision(x, decoder, jacobian, variance, start, steps)
    return mean, variance * np.linalg.inv(covariance)


def at_least_one_step(x, decoder, jacobian, variance, start, steps):
    return by_the_precision(x, decoder, jacobian, variance, start, max(steps, 1))


def unit_covariance_without_steps(x, decoder, jacobian, variance, start, steps):
    mean, covariance = by_the_precision(x, decoder, jacobian, variance, start, steps)
    return mean, covariance if steps else np.eye(len(start))


def by_finite_differences(x, decoder, jacobian, variance, start, steps):
    def slopes(z):
        return np.stack([(decoder(z + 1e-3 * e) - decoder(z)) / 1e-3 for e in np.eye(len(z))], 1)

    return by_the_precision(x, decoder, slopes, variance, start, steps)


def with_a_variance_of_1(x, decoder, jacobian, variance, start, steps):
    return by_the_precision(x, decoder, jacobian, 1.0, start, steps)


def x_changed_in_place(x, decoder, jacobian, variance, start, steps):
    found = by_the_precision(x, decoder, jacobian, variance, start, steps)
    x -= decoder(found[0])
    return found


# --- 3.4 -------------------------------------------------------------------------------------------------------------


def from_the_small_eigenproblem(weight):
    values, vectors = np.linalg.eigh(weight.T @ weight)
    return (weight @ vectors / np.sqrt(values))[:, ::-1]


def by_gesvd(weight):
    return -scipy.linalg.svd(weight, full_matrices=False, lapack_driver="gesvd")[0]


def svd_of_the_square(weight):
    return np.linalg.svd(weight @ weight.T)[0][:, : weight.shape[1]].astype(np.float32)


def eig_without_sorting(weight):
    return np.real(np.linalg.eig(weight @ weight.T)[1][:, : weight.shape[1]])


def qr_of_sorted_columns(weight):
    return np.linalg.qr(weight[:, np.argsort(-(weight**2).sum(0))])[0]


def eigenvectors_of_np_cov(weight):
    return np.linalg.eigh(np.cov(weight))[1][:, ::-1][:, : weight.shape[1]]


def flat_for_one_latent(weight):
    return np.linalg.svd(weight, full_matrices=False)[0].squeeze()


def standard_basis(weight):
    return np.eye(*weight.shape)


def weight_normalised_in_place(weight):
    found = np.linalg.svd(weight, full_matrices=False)[0]
    weight /= np.linalg.norm(weight, axis=0)
    return found


RIGHT = {
    "3.1": [with_norm_logpdf, with_torch_normal],
    "3.2": [by_the_gain, by_the_precision],
    "3.4": [from_the_small_eigenproblem, by_gesvd, svd_of_the_square],
}
WRONG = {
    "3.1": [
        constant_not_halved,
        two_pi_outside_of_the_logarithm,
        mixture_for_each_dimension,
        log_p_that_underflows,
        equal_where_it_underflows,
        prior_where_it_underflows,
        variances_of_1,
        variances_of_the_first,
        probabilities_logged_in_place,
    ],
    "3.2": [
        covariance_is_m,
        at_least_one_step,
        unit_covariance_without_steps,
        by_finite_differences,
        with_a_variance_of_1,
        x_changed_in_place,
    ],
    "3.4": [
        eig_without_sorting,
        qr_of_sorted_columns,
        eigenvectors_of_np_cov,
        flat_for_one_latent,
        standard_basis,
        weight_normalised_in_place,
    ],
}
HARMLESS = set()
HEARS = {
    "3.1": {
        "constant_not_halved": "the 1/2 is missing in front of log 2πσ²",
        "two_pi_outside_of_the_logarithm": "2π multiplies log σ²",
        "mixture_for_each_dimension": "each dimension is a mixture of its own",
        "log_p_that_underflows": "the posterior is right. log p(x) is not",
        "equal_where_it_underflows": "far from all components every p(x|c) underflows to 0. For the posterior you return equal",
        "prior_where_it_underflows": "far from all components every p(x|c) underflows to 0. For the posterior you return p(c)",
        "variances_of_1": "your result stays the same when variances changes",
    },
    "3.2": {
        "covariance_is_m": "the mean is right. This is M",
        "with_a_variance_of_1": "your result stays the same when variance changes",
        "by_finite_differences": "your result stays the same when jacobian changes",
    },
    "3.4": {
        "eig_without_sorting": "np.linalg.eig does not sort",
        "qr_of_sorted_columns": "an orthonormal basis of the right plane",
        "eigenvectors_of_np_cov": "these are eigenvectors of np.cov",
    },
}
