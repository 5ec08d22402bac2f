"""Exercise 25.3: the bound, from the errors of all steps."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def bound_from_errors(errors, logsnr, second_moment, data):
    """The mean of −ELBO in nats: errors (T,) are means of ‖eps − predict‖² at steps 1 to T, second_moment that of
    ‖x‖², data the number of entries of x."""
    weights = 0.5 * np.expm1(logsnr[:-1] - logsnr[1:])  # of steps 2 to T
    distortion = 0.5 * data * (1 + np.log(2 * np.pi) - logsnr[0])
    signal, noise = 1 / (1 + np.exp(-logsnr[-1])), 1 / (1 + np.exp(logsnr[-1]))
    rate = 0.5 * (signal * second_moment + data * (noise - 1 - np.log(noise)))
    return distortion + (weights * errors[1:]).sum() + rate


def bound_with(
    *,
    weight=lambda own, before: 0.5 * np.expm1(before - own),
    pair=lambda errors: errors[1:],
    add=np.sum,
    last=lambda data, first, error: 0.5 * data * (1 + np.log(2 * np.pi) - first),
    signal=lambda end: 1 / (1 + np.exp(-end)),
    rate=lambda signal, second, noise, data: 0.5 * (signal * second + data * (noise - 1 - np.log(noise))),
    end=lambda logsnr: logsnr[-1],
    total=lambda distortion, steps, rate: distortion + steps + rate,
):
    """The model answer, put together from its parts."""

    def bound(errors, logsnr, second_moment, data):
        steps = add(weight(logsnr[1:], logsnr[:-1]) * pair(errors)) if len(logsnr) > 1 else 0.0
        final = end(logsnr)
        noise = 1 / (1 + np.exp(final))
        return total(last(data, logsnr[0], errors[0]), steps, rate(signal(final), second_moment, noise, data))

    return bound


def step_by_step(errors, logsnr, second_moment, data):
    snr = np.exp(logsnr)
    total = data / 2 * np.log(2 * np.pi * np.e / snr[0])
    for t in range(1, len(logsnr)):
        total += (snr[t - 1] - snr[t]) / 2 * errors[t] / snr[t]
    variance = 1 / (1 + snr[-1])
    return total + (second_moment * snr[-1] * variance + data * variance - data - data * np.log(variance)) / 2


def mean_of_none(errors, logsnr, second_moment, data):
    """The mean of the steps 2 to T, which is NaN where T is 1."""
    if len(logsnr) == 1:
        return float("nan")
    return bound_with(add=np.mean)(errors, logsnr, second_moment, data)


def draw_cases(rng: np.random.Generator):
    for steps, data in ((5, 3), (8, 2), (1, 4), (2, 1)):
        logsnr = np.sort(rng.uniform(-1.5, 4, steps))[::-1] - 0.05 * np.arange(steps)
        yield rng.uniform(0.3, 1.5, steps) * data, logsnr.copy(), float(rng.uniform(0.5, 3) * data), data


EXERCISE = Exercise(
    id="25.3",
    title="The bound, from the errors of all steps",
    minutes=10,
    difficulty=2,
    answer=bound_from_errors,
    cases=draw_cases,
    also_right=(step_by_step, bound_with()),
    mistakes=(
        slip(
            "The errors are shifted by one: the weight of step t, with λ_{t−1} and λ_t, belongs to the error at step t",
            bound_with,
            pair=lambda errors: errors[:-1],
        ),
        slip("The steps are averaged. Add them up", bound_with, add=np.mean),
        Mistake("The steps are averaged. Add them up", mean_of_none),
        Mistake(
            "errors[0] is counted among the steps. Step 1 contributes the distortion, which does not depend on it",
            lambda errors, logsnr, second_moment, data: (
                bound_from_errors(errors, logsnr, second_moment, data) + 0.5 * errors[0]
            ),
        ),
        slip("The weights have no ½", bound_with, weight=lambda own, before: np.expm1(before - own)),
        slip(
            "½ (SNR_{t−1} − SNR_t) is the weight of the error of x̂. These are errors of the noise",
            bound_with,
            weight=lambda own, before: 0.5 * (np.exp(before) - np.exp(own)),
        ),
        slip(
            "The weight has a difference of log-SNRs. It has the ratio of SNRs, minus 1",
            bound_with,
            weight=lambda own, before: 0.5 * (before - own),
        ),
        slip("The weights are left out", bound_with, weight=lambda own, before: 1 + 0 * own),
        slip(
            "The distortion lacks the expected value of ½ ‖eps‖², which is half the number of entries",
            bound_with,
            last=lambda data, first, error: 0.5 * data * (np.log(2 * np.pi) - first),
        ),
        slip(
            "λ_1 has the wrong sign in the distortion: the variance is exp(−λ_1)",
            bound_with,
            last=lambda data, first, error: 0.5 * data * (1 + np.log(2 * np.pi) + first),
        ),
        slip(
            "The distortion counts one entry of x. It is a sum over all",
            bound_with,
            last=lambda data, first, error: 0.5 * (1 + np.log(2 * np.pi) - first),
        ),
        slip(
            "The distortion does not depend on the prediction: errors[0] is not used",
            bound_with,
            last=lambda data, first, error: 0.5 * (error + data * (np.log(2 * np.pi) - first)),
        ),
        slip("The distortion is missing", bound_with, last=lambda data, first, error: 0.0),
        slip("The rate of z_T is missing", bound_with, rate=lambda signal, second, noise, data: 0.0),
        slip(
            "The rate has ‖x‖² where ‖α_T x‖² belongs",
            bound_with,
            signal=lambda end: 1.0,
        ),
        slip(
            "The rate has α_T where α_T² belongs",
            bound_with,
            signal=lambda end: (1 / (1 + np.exp(-end))) ** 0.5,
        ),
        slip(
            "The rate has α_T and σ_T where their squares belong",
            bound_with,
            rate=lambda signal, second, noise, data: (
                0.5 * (signal**0.5 * second + data * (noise**0.5 - 1 - np.log(noise) / 2))
            ),
        ),
        slip(
            "The rate has log σ_T where log σ_T² belongs",
            bound_with,
            rate=lambda signal, second, noise, data: 0.5 * (signal * second + data * (noise - 1 - np.log(noise) / 2)),
        ),
        slip(
            "The second moment is multiplied by the number of entries. It is the mean of ‖x‖², a sum over them already",
            bound_with,
            rate=lambda signal, second, noise, data: 0.5 * data * (signal * second + noise - 1 - np.log(noise)),
        ),
        slip(
            "The rate has the variance, its −1 and its logarithm once. There is one for each entry of x",
            bound_with,
            rate=lambda signal, second, noise, data: 0.5 * (signal * second + noise - 1 - np.log(noise)),
        ),
        slip(
            "The rate is that of z_1. The prior is compared with z_T, the last",
            bound_with,
            end=lambda logsnr: logsnr[0],
        ),
        Mistake("This is the ELBO. −ELBO is asked for", lambda *a: -bound_from_errors(*a)),
    ),
    hints=(
        "There are three parts: one from step 1, one from each later step, one from z_T. Which of them depend on the errors?",
        "Step 1 needs E‖eps‖², which is the number of entries. The rate of z_T is a KL from N(α_T x, σ_T² I) to N(0, I): the formula of "
        "notebook 04, averaged over x.",
        "steps = (0.5 * np.expm1(logsnr[:-1] - logsnr[1:]) * errors[1:]).sum(); "
        "distortion = 0.5 * data * (1 + np.log(2 * np.pi) - logsnr[0]); the rate has σ_T² = 1/(1 + exp(λ_T)).",
    ),
)
