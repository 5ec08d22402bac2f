"""Answers to exercises 3.1, 3.2, 3.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""

import numpy as np

# --- 3.1 -------------------------------------------------------------------------------------------------------------


def mixture_with_squared_variances(x, probabilities, means, variances):
    lj = np.log(probabilities) - 0.5 * (
        np.log(2 * np.pi * variances**2) + (x[:, None] - means) ** 2 / variances**2
    ).sum(-1)
    top = lj.max(axis=1, keepdims=True)
    lp = top + np.log(np.exp(lj - top).sum(axis=1, keepdims=True))
    return lp[:, 0], np.exp(lj - lp)


# --- 3.2 -------------------------------------------------------------------------------------------------------------


def proposal_with_one_jacobian(x, decoder, jacobian, variance, start, steps):
    z = start
    J = jacobian(z)
    for _ in range(steps):
        M = J.T @ J + variance * np.eye(len(z))
        z = np.linalg.solve(M, J.T @ (x - decoder(z) + J @ z))
    J = jacobian(z)
    M = J.T @ J + variance * np.eye(len(z))
    return z, variance * np.linalg.inv(M)


def proposal_with_the_first_covariance(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        J = jacobian(z)
        M = J.T @ J + variance * np.eye(len(z))
        z = np.linalg.solve(M, J.T @ (x - decoder(z) + J @ z))
    J = jacobian(start)
    M = J.T @ J + variance * np.eye(len(z))
    return z, variance * np.linalg.inv(M)


def proposal_without_the_prior_by_solve(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        J = jacobian(z)
        M = J.T @ J
        z = np.linalg.solve(M, J.T @ (x - decoder(z) + J @ z))
    J = jacobian(z)
    M = J.T @ J
    return z, variance * np.linalg.inv(M)


# --- 3.4 -------------------------------------------------------------------------------------------------------------


def directions_of_centred_rows(weight):
    return np.linalg.svd(weight - weight.mean(axis=1, keepdims=True), full_matrices=False)[0]


def mixture_with_one_maximum_and_its_posterior(x, probabilities, means, variances):
    log_each = -0.5 * (np.log(2 * np.pi * variances) + (x[:, None] - means) ** 2 / variances).sum(axis=-1)
    joint = log_each + np.log(probabilities)
    with np.errstate(all="ignore"):
        log_p = joint.max() + np.log(np.exp(joint - joint.max()).sum(axis=1))
        return log_p, np.exp(joint - log_p[:, None])


def directions_squeezed(weight):
    u, _, _ = np.linalg.svd(weight, full_matrices=False)
    return u.squeeze()


RIGHT: dict[str, list] = {}

WRONG = {
    "3.1": [mixture_with_one_maximum_and_its_posterior, mixture_with_squared_variances],
    "3.2": [proposal_with_one_jacobian, proposal_with_the_first_covariance, proposal_without_the_prior_by_solve],
    "3.4": [directions_squeezed, directions_of_centred_rows],
}

HARMLESS: set[str] = set()

HEARS = {
    "3.1": {
        "mixture_with_one_maximum_and_its_posterior": "one maximum for the whole batch",
        "mixture_with_squared_variances": "the variances are taken for standard deviations",
    },
    "3.2": {
        "proposal_with_one_jacobian": "z moves with the Jacobian at `start` throughout",
        "proposal_with_the_first_covariance": "the mean is right. The covariance belongs to the tangent at `start`",
    },
    "3.4": {
        "directions_squeezed": "a single direction loses its axis",
        "directions_of_centred_rows": "the mean of each row of W is subtracted first",
    },
}
