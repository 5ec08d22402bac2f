"""Answers to exercises 15.1 to 15.3, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import math

import torch
import torch.nn.functional as F

# --- 15.1 ------------------------------------------------------------------------------------------------------------


def u_hat(u, w):
    wu = (w * u).sum(-1, keepdim=True)
    return u + (F.softplus(wu) - 1 - wu) * w / (w * w).sum(-1, keepdim=True)


def corrected_beforehand(z, u, w, b):
    uh = u_hat(u, w)
    ld = torch.zeros(len(z), dtype=z.dtype)
    for k in range(u.shape[1]):
        lin = (z * w[:, k]).sum(-1) + b[:, k]
        psi = (1 - torch.tanh(lin) ** 2)[:, None] * w[:, k]
        ld = ld + torch.log((1 + (psi * uh[:, k]).sum(-1)).abs())
        z = z + uh[:, k] * torch.tanh(lin)[:, None]
    return z, ld


def by_zip(z, u, w, b):
    logdets = []
    for uk, wk, bk in zip(u.transpose(0, 1), w.transpose(0, 1), b.T):
        uk = u_hat(uk, wk)
        t = torch.tanh((wk * z).sum(1) + bk)
        logdets.append(torch.log(1 + (1 - t.pow(2)) * (uk * wk).sum(1)))
        z = z + t[:, None] * uk
    return z, sum(logdets)


def full_jacobian(z, u, w, b):
    def one(z, u, w, b):
        for k in range(len(b)):
            z = z + u_hat(u[k], w[k]) * torch.tanh(w[k] @ z + b[k])
        return z

    jac = torch.func.vmap(torch.func.jacrev(one))(z, u, w, b)
    return torch.func.vmap(one)(z, u, w, b), torch.linalg.slogdet(jac)[1]


def raw_u(z, u, w, b):
    ld = 0
    for k in range(u.shape[1]):
        t = torch.tanh((w[:, k] * z).sum(1) + b[:, k])
        ld = ld + torch.log((1 + (1 - t**2) * (u[:, k] * w[:, k]).sum(1)).abs())
        z = z + t[:, None] * u[:, k]
    return z, ld


def no_log(z, u, w, b):
    ld = torch.zeros_like(z[:, 0])
    for k in range(u.shape[1]):
        uh = u_hat(u[:, k], w[:, k])
        t = torch.tanh((w[:, k] * z).sum(1) + b[:, k])
        ld = ld + (1 + (1 - t**2) * (uh * w[:, k]).sum(1)).abs()
        z = z + t[:, None] * uh
    return z, ld


def summed_over_the_batch(z, u, w, b):
    z, ld = by_zip(z, u, w, b)
    return z, ld.sum()


def first_step_only(z, u, w, b):
    return by_zip(z, u[:, :1], w[:, :1], b[:, :1])


def per_dimension(z, u, w, b):
    ld = torch.zeros_like(z[:, 0])
    for k in range(u.shape[1]):
        uh = u_hat(u[:, k], w[:, k])
        t = torch.tanh((w[:, k] * z).sum(1) + b[:, k])
        ld = ld + torch.log((1 + (1 - t**2)[:, None] * uh * w[:, k]).abs()).sum(1)
        z = z + t[:, None] * uh
    return z, ld


def detached(z, u, w, b):
    with torch.no_grad():
        return by_zip(z, u, w, b)


# --- 15.2 ------------------------------------------------------------------------------------------------------------


def straight(z, networks, kept):
    ld = torch.zeros(len(z), dtype=z.dtype)
    for net in reversed(networks):
        z = torch.flip(z, [1])
        s, t = net(z[:, :kept])
        z = torch.cat([z[:, :kept], (z[:, kept:] - t) * torch.exp(-s)], dim=1)
        ld = ld - s.sum(1)
    return ld - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def with_mvn(z, networks, kept):
    ld = 0
    for i in range(len(networks))[::-1]:
        z = z.flip(-1)
        a, b = torch.split(z, [kept, z.shape[1] - kept], dim=1)
        s, t = networks[i](a)
        z = torch.hstack((a, (b - t) / torch.exp(s)))
        ld = ld + s.sum(dim=-1)
    d = z.shape[1]
    normal = torch.distributions.MultivariateNormal(torch.zeros(d, dtype=z.dtype), torch.eye(d, dtype=z.dtype))
    return normal.log_prob(z) - ld


def in_a_copy(z, networks, kept):
    u, total = z.clone(), torch.zeros_like(z[:, 0])
    for net in list(networks)[::-1]:
        u = u[:, list(range(u.shape[1]))[::-1]]
        s, t = net(u[:, :kept])
        u = torch.cat([u[:, :kept], (u[:, kept:] - t) * (-s).exp()], 1)
        total = total - s.sum(1)
    return torch.distributions.Normal(0, 1).log_prob(u).sum(1) + total


def wrong_sign(z, networks, kept):
    ld = 0
    for net in reversed(networks):
        z = z.flip(1)
        s, t = net(z[:, :kept])
        z = torch.cat([z[:, :kept], (z[:, kept:] - t) * (-s).exp()], 1)
        ld = ld + s.sum(1)
    return -0.5 * (z**2 + math.log(2 * math.pi)).sum(1) + ld


def forward_order(z, networks, kept):
    return straight(z, networks[::-1], kept)


def never_flipped(z, networks, kept):
    ld = 0
    for net in reversed(networks):
        s, t = net(z[:, :kept])
        z = torch.cat([z[:, :kept], (z[:, kept:] - t) * (-s).exp()], 1)
        ld = ld - s.sum(1)
    return -0.5 * (z**2 + math.log(2 * math.pi)).sum(1) + ld


def without_constant(z, networks, kept):
    return straight(z, networks, kept) + 0.5 * z.shape[1] * math.log(2 * math.pi)


def one_number(z, networks, kept):
    return straight(z, networks, kept).mean()


def networks_see_b(z, networks, kept):
    ld = 0
    for net in reversed(networks):
        z = z.flip(1)
        s, t = net(z[:, -kept:])
        z = torch.cat([z[:, :kept], (z[:, kept:] - t) * (-s).exp()], 1)
        ld = ld - s.sum(1)
    return -0.5 * (z**2 + math.log(2 * math.pi)).sum(1) + ld


# --- 15.3 ------------------------------------------------------------------------------------------------------------


def matched():
    return 4, 5, 6, 2, 1


def matched_in_a_list():
    return [4, 5, 6, 2, 1]


def matched_as_a_tensor():
    return torch.tensor([4, 5, 6, 2, 1])


def fold_taken_for_right():
    return 4, 1, 6, 2, 1


def last_step_taken_for_twice():
    return 2, 5, 6, 2, 1


def wider_taken_for_last_step():
    return 4, 5, 4, 2, 1


def twice_taken_for_sign():
    return 4, 5, 6, 3, 1


def right_taken_for_fold():
    return 4, 5, 6, 2, 5


def counted_from_zero():
    return 3, 4, 5, 1, 0


RIGHT = {
    "15.1": [corrected_beforehand, by_zip, full_jacobian],
    "15.2": [straight, with_mvn, in_a_copy],
    "15.3": [matched, matched_in_a_list, matched_as_a_tensor],
}
WRONG = {
    "15.1": [raw_u, no_log, summed_over_the_batch, first_step_only, per_dimension, detached],
    "15.2": [wrong_sign, forward_order, never_flipped, without_constant, one_number, networks_see_b],
    "15.3": [
        fold_taken_for_right,
        last_step_taken_for_twice,
        wider_taken_for_last_step,
        twice_taken_for_sign,
        right_taken_for_fold,
        counted_from_zero,
    ],
}
HEARS = {
    "15.1": {
        "raw_u": "u is not corrected",
        "no_log": "the determinant is right, but its logarithm is wanted",
        "per_dimension": "you multiply the diagonal entries of the Jacobian",
        "detached": "the value is right, but no gradient reaches",
    },
    "15.2": {
        "wrong_sign": "the log-determinant has the wrong sign",
        "forward_order": "the couplings are undone from the first to the last",
        "never_flipped": "the order of the latents is never reversed",
        "without_constant": "the constant of the normal density is missing",
    },
    "15.3": {
        "fold_taken_for_right": "B is not number 1: its mean of g/q is not 1",
        "twice_taken_for_sign": "D is not number 3: the line would have slope 2",
    },
}
HARMLESS: set[str] = set()
