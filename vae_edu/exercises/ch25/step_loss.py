"""Exercise 25.2: the loss of one step."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property, slip


def step_loss(predict, x, eps, t, logsnr):
    """What step t contributes to −ELBO of each row, (n,) in nats; tensors x and eps (n, data), t (n,) whole numbers from 1, logsnr (T,)."""
    import torch

    own, before = logsnr[t - 1], logsnr[(t - 2).clamp(min=0)]
    alpha, sigma = own.sigmoid().sqrt()[:, None], (-own).sigmoid().sqrt()[:, None]
    noise = predict(alpha * x + sigma * eps, own)
    # x − x̂ = σ/α (noise − eps), and KL = ½ (SNR_{t−1} − SNR_t) ‖x − x̂‖²
    kl = 0.5 * torch.expm1(before - own) * ((eps - noise) ** 2).sum(dim=1)
    distortion = 0.5 * (eps**2 + np.log(2 * np.pi) - own[:, None]).sum(dim=1)
    return torch.where(t > 1, kl, distortion)


def roots(logsnr):
    return logsnr.sigmoid().sqrt()[:, None], (-logsnr).sigmoid().sqrt()[:, None]


def not_rooted(logsnr):
    return logsnr.sigmoid()[:, None], (-logsnr).sigmoid()[:, None]


def noisier(logsnr, t):
    """λ_{t+1}, or λ_T where there is none."""
    return logsnr[t.clamp(max=len(logsnr) - 1)]


def loss_with(
    *,
    of=roots,
    told=lambda own, t: own,
    other=lambda logsnr, t: logsnr[(t - 2).clamp(min=0)],
    weight=lambda own, other: 0.5 * (other - own).expm1(),
    error=lambda eps, noise, x, alpha, sigma, z: (eps - noise) ** 2,
    last=lambda eps, own: 0.5 * (eps**2 + math.log(2 * math.pi) - own[:, None]),
    reduce=lambda each: each.sum(dim=1),
    first=lambda t: t == 1,
    scale=lambda kl, steps: kl,
    index=lambda t: t - 1,
):
    """The model answer, put together from its parts."""

    def loss(predict, x, eps, t, logsnr):
        import torch

        own = logsnr[index(t)]
        alpha, sigma = of(own)
        z = alpha * x + sigma * eps
        noise = predict(z, told(own, t))
        kl = weight(own, other(logsnr, t)) * reduce(error(eps, noise, x, alpha, sigma, z))
        return torch.where(first(t), reduce(last(eps, own)), scale(kl, len(logsnr)))

    return loss


def by_two_posteriors(predict, x, eps, t, logsnr):
    """The KL between two Gaussians of one variance, with both means written out."""
    import torch

    own = logsnr[t - 1]
    alpha, sigma = roots(own)
    z = alpha * x + sigma * eps
    guess = (z - sigma * predict(z, own)) / alpha
    found = []
    for row, step in enumerate(t.tolist()):
        if step == 1:
            mean, variance = z[row] / alpha[row], (sigma[row] / alpha[row]) ** 2
            density = torch.distributions.Normal(mean, variance.sqrt())
            found.append(-density.log_prob(x[row]).sum())
            continue
        s, now = logsnr[step - 2], logsnr[step - 1]
        left = -torch.expm1(now - s)
        difference = left * s.sigmoid().sqrt() * (x[row] - guess[row])
        found.append((difference**2).sum() / (2 * left * (-s).sigmoid()))
    return torch.stack(found)


def by_signal_to_noise(predict, x, eps, t, logsnr):
    import torch

    own = logsnr[t - 1]
    alpha, sigma = roots(own)
    z = alpha * x + sigma * eps
    guess = (z - sigma * predict(z, own)) / alpha
    snr = logsnr.exp()
    before = snr[torch.clamp(t - 2, min=0)]
    kl = 0.5 * (before - snr[t - 1]) * ((x - guess) ** 2).sum(1)
    spread = sigma / alpha
    gauss = 0.5 * (((x - z / alpha) / spread) ** 2 + torch.log(2 * math.pi * spread**2)).sum(1)
    return torch.where(t == 1, gauss, kl)


def detached(predict, x, eps, t, logsnr):
    return step_loss(lambda z, own: predict(z, own).detach(), x, eps, t, logsnr)


def with_first(first):
    """The model answer with something else at t = 1: ``first(prediction, x, eps, t, logsnr)``, (n,)."""

    def loss(predict, x, eps, t, logsnr):
        import torch

        own = logsnr[t - 1]
        alpha, sigma = roots(own)
        noise = predict(alpha * x + sigma * eps, own)
        return torch.where(t == 1, first(noise, x, eps, t, logsnr), step_loss(predict, x, eps, t, logsnr))

    return loss


def from_the_prediction(noise, x, eps, t, logsnr):
    return 0.5 * ((eps - noise) ** 2 + math.log(2 * math.pi) - logsnr[t - 1][:, None]).sum(dim=1)


def like_the_others(noise, x, eps, t, logsnr):
    return 0.5 * (logsnr[t - 2] - logsnr[t - 1]).expm1() * ((eps - noise) ** 2).sum(dim=1)


def one_late_throughout(predict, x, eps, t, logsnr):
    import torch

    own, before = logsnr[t.clamp(max=len(logsnr) - 1)], logsnr[t - 1]
    alpha, sigma = roots(own)
    kl = 0.5 * (before - own).expm1() * ((eps - predict(alpha * x + sigma * eps, own)) ** 2).sum(dim=1)
    last = 0.5 * (eps**2 + math.log(2 * math.pi) - own[:, None]).sum(dim=1)
    return torch.where(t > 1, kl, last)


def through_no_variance(predict, x, eps, t, logsnr):
    """The KL of two posteriors under ``torch.where``: where t = 1 it is 0/0, which is not chosen, but has a gradient."""
    import torch

    own, before = logsnr[t - 1], logsnr[(t - 2).clamp(min=0)]
    alpha, sigma = roots(own)
    z = alpha * x + sigma * eps
    guess = (z - sigma * predict(z, own)) / alpha
    left = -torch.expm1(own - before)[:, None]
    difference, variance = left * before.sigmoid().sqrt()[:, None] * (x - guess), left * (-before).sigmoid()[:, None]
    kl = (difference**2 / (2 * variance)).sum(dim=1)
    last = 0.5 * (eps**2 + math.log(2 * math.pi) - own[:, None]).sum(dim=1)
    return torch.where(t > 1, kl, last)


def a_network(weights):
    """A prediction that depends on z and on the log-SNR, with weights (2,)."""
    return lambda z, logsnr: weights[0] * z.tanh() + weights[1] * (logsnr / 3).sin()[:, None]


def draw_cases(rng: np.random.Generator):
    """Steps of any kind; first and last ones; a schedule with one step; uneven schedules; one row, one entry."""
    import torch

    for n, data, steps in ((6, 3, 5), (1, 2, 4), (5, 1, 7), (3, 2, 1), (4, 4, 2)):
        logsnr = np.sort(rng.uniform(-4, 4, steps))[::-1] - 0.1 * np.arange(steps)
        t = rng.integers(1, steps + 1, n)
        if n > 1:
            t[0], t[1] = 1, steps
        x, eps = rng.normal(size=(2, n, data))
        weights = torch.from_numpy(rng.uniform(0.3, 0.9, 2))
        arguments = (torch.from_numpy(each.copy()) for each in (1.5 * x + 0.5, eps, t, logsnr))
        yield a_network(weights), *arguments


def gradients(function, rng):
    """The gradient of the mean loss with respect to the weights of the prediction."""
    import torch

    _, *arguments = next(iter(draw_cases(np.random.default_rng(3))))
    weights = torch.tensor([0.4, 0.7], dtype=torch.float64, requires_grad=True)
    total = function(a_network(weights), *arguments)
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return np.zeros(2)
    (found,) = torch.autograd.grad(total.sum(), weights, allow_unused=True)
    return np.zeros(2) if found is None else found.numpy()


EXERCISE = Exercise(
    id="25.2",
    title="The loss of one step",
    minutes=20,
    difficulty=3,
    answer=step_loss,
    cases=draw_cases,
    properties=(Property("the gradient that reaches the weights of the prediction", gradients, 1e-6),),
    also_right=(by_two_posteriors, by_signal_to_noise, loss_with()),
    mistakes=(
        slip(
            "The weight is missing: this is the squared error of the noise. The KL divides by the variance of q(z_{t−1}|z_t, x)",
            loss_with,
            weight=lambda own, other: 1 + 0 * own,
        ),
        slip(
            "The ½ is missing from the KL between two Gaussians",
            loss_with,
            weight=lambda own, other: (other - own).expm1(),
        ),
        slip(
            "½ (SNR_{t−1} − SNR_t) belongs to the error of x̂. You have the error of the noise: x − x̂ is σ/α times as large",
            loss_with,
            weight=lambda own, other: 0.5 * (other.exp() - own.exp()),
        ),
        slip(
            "The error is that of x̂, and the weight that of the noise",
            loss_with,
            error=lambda eps, noise, x, alpha, sigma, z: (x - (z - sigma * noise) / alpha) ** 2,
        ),
        slip(
            "The weight has a difference of log-SNRs. It has the ratio of SNRs, minus 1",
            loss_with,
            weight=lambda own, other: 0.5 * (other - own),
        ),
        slip(
            "The ratio of SNRs is there, but not the −1",
            loss_with,
            weight=lambda own, other: 0.5 * (other - own).exp(),
        ),
        slip(
            "SNR_t/SNR_{t−1} is upside down in the weight",
            loss_with,
            weight=lambda own, other: -0.5 * (own - other).expm1(),
        ),
        slip(
            "The step leads to t + 1. It leads to t − 1, where there is less noise",
            loss_with,
            other=noisier,
            weight=lambda own, other: 0.5 * (own - other).expm1(),
        ),
        Mistake(
            "t counts from 1, and Python from 0: λ_t is logsnr[t − 1]",
            loss_with(index=lambda t: t, other=lambda logsnr, t: logsnr[t - 1]),
        ),
        Mistake("t counts from 1, and Python from 0: λ_t is logsnr[t − 1]", one_late_throughout),
        slip(
            "z has α² and σ² as factors. They are α and σ: take roots",
            loss_with,
            of=not_rooted,
        ),
        slip("predict is given t. It expects the log-SNR", loss_with, told=lambda own, t: t.to(own.dtype)),
        slip(
            "What is predicted is taken for x̂. It is the noise",
            loss_with,
            error=lambda eps, noise, x, alpha, sigma, z: (x - noise) ** 2,
        ),
        slip(
            "Means over the entries of x. Sum over them: the loss is in nats per example",
            loss_with,
            reduce=lambda each: each.mean(dim=1),
        ),
        slip(
            "In the KL, the mean over the entries of x is taken. Sum over them: the loss is in nats per example",
            loss_with,
            error=lambda eps, noise, x, alpha, sigma, z: (eps - noise) ** 2 / eps.shape[1],
        ),
        Mistake(
            "Where t = 1, the error of the prediction stands in the distortion. Step 1 is not learned: x − z_1/α_1 depends on eps alone",
            with_first(from_the_prediction),
        ),
        Mistake(
            "Step 1 is treated like the others: there logsnr[t − 2] is logsnr[−1], the last entry. It has a distortion of its own",
            with_first(like_the_others),
        ),
        slip(
            "Where t = 1, this is the expected distortion. Take ‖eps‖² as it is for this noise",
            loss_with,
            last=lambda eps, own: 0.5 * (1 + math.log(2 * math.pi) - own[:, None]) + 0 * eps,
        ),
        slip("Where t = 1, the distortion is missing: you have 0 there", loss_with, last=lambda eps, own: 0 * eps),
        slip(
            "Where t = 1, this is −log N(eps; 0, I). The density of x has the variance σ_1²/α_1², so log σ_1²/α_1² is missing",
            loss_with,
            last=lambda eps, own: 0.5 * (eps**2 + math.log(2 * math.pi) + 0 * own[:, None]),
        ),
        slip(
            "Where t = 1, λ_1 has the wrong sign: the variance σ_1²/α_1² is exp(−λ_1)",
            loss_with,
            last=lambda eps, own: 0.5 * (eps**2 + math.log(2 * math.pi) + own[:, None]),
        ),
        slip(
            "Where t = 1, log 2π is missing",
            loss_with,
            last=lambda eps, own: 0.5 * (eps**2 - own[:, None]),
        ),
        slip(
            "Where t = 1, the variance is σ_1². Divided by α_1, z_1 has the variance σ_1²/α_1² around x",
            loss_with,
            last=lambda eps, own: (
                0.5 * (eps**2 / own.sigmoid()[:, None] + math.log(2 * math.pi) + (-own).sigmoid().log()[:, None])
            ),
        ),
        slip(
            "The KL is multiplied by the number of steps. That belongs to the mean over random steps, not to one step",
            loss_with,
            scale=lambda kl, steps: steps * kl,
        ),
        Mistake(
            "The result is multiplied by the number of steps. That belongs to the mean over random steps, not to one step",
            lambda predict, x, eps, t, logsnr: len(logsnr) * step_loss(predict, x, eps, t, logsnr),
        ),
        Mistake(
            "the value is right, but no gradient reaches predict: detach, .item() or NumPy has cut the path", detached
        ),
        Mistake(
            "Your values are right, but the gradient is NaN: at t = 1 you divide by a variance of 0, and torch.where does not stop its "
            "gradient. Take another λ there, such as λ_1 + 1",
            through_no_variance,
        ),
    ),
    hints=(
        "Both Gaussians in the KL have the same variance. What is the KL then? And how do the two means differ, if x̂ stands where x stood?",
        "The means differ by (1 − r) α_{t−1} (x − x̂), with r = SNR_t/SNR_{t−1}. Put x − x̂ = σ_t/α_t (noise − eps) into the KL, and most "
        "factors cancel.",
        "For t > 1: 0.5 * torch.expm1(logsnr[t − 2] − logsnr[t − 1]) * ((eps − noise) ** 2).sum(dim=1). For t = 1, write "
        "−log N(x; z_1/α_1, exp(−λ_1) I) with x − z_1/α_1 = −σ_1/α_1 · eps. torch.where chooses between the two.",
    ),
)
