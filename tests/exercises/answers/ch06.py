"""Answers to exercises 6.1 to 6.4 as examinees give them, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] says what some must hear. HARMLESS are right answers that also change global
settings, which a check puts back; CONTAINERS hold the right numbers in lists where an array is asked for, and are told so.
"""

import math

import numpy as np
import scipy.special
import torch

# --- 6.1 -------------------------------------------------------------------------------------------------------------


def with_logaddexp(x, logits):
    return np.sum(np.logaddexp(0, logits) - x * logits, axis=1)


def with_signed_logits(x, logits):
    """−log p is log(1 + e^−s) with s = l for a 1 and −l for a 0."""
    s = (2 * x - 1) * logits
    return np.logaddexp(0, -s).sum(axis=-1)


def with_max_and_log1p(x, logits):
    return np.array(
        [
            sum(max(a, 0) - p * a + math.log1p(math.exp(-abs(a))) for p, a in zip(*row, strict=True))
            for row in zip(x, logits, strict=True)
        ]
    )


def with_torch_loss(x, logits):
    loss = torch.nn.BCEWithLogitsLoss(reduction="none")
    return loss(torch.from_numpy(logits), torch.from_numpy(x)).sum(1).numpy()


def with_torch_distribution(x, logits):
    return -torch.distributions.Bernoulli(logits=torch.tensor(logits)).log_prob(torch.tensor(x)).sum(-1)


def with_masks(x, logits):
    result = np.empty_like(logits)
    up = logits > 0
    result[up] = logits[up] + np.log1p(np.exp(-logits[up]))
    result[~up] = np.log1p(np.exp(logits[~up]))
    return (result - x * logits).sum(1)


def with_log_expit(x, logits):
    return -np.where(x > 0.5, scipy.special.log_expit(logits), scipy.special.log_expit(-logits)).sum(1)


def that_silences_warnings(x, logits):
    np.seterr(all="ignore")
    return with_logaddexp(x, logits)


def as_a_list(x, logits):
    return with_logaddexp(x, logits).tolist()


def by_definition(x, logits):
    p = 1 / (1 + np.exp(-logits))
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)


def by_definition_with_nan_to_num(x, logits):
    p = 1 / (1 + np.exp(-logits))
    return np.nan_to_num(-(x * np.log(p) + (1 - x) * np.log(1 - p))).sum(axis=1)


def by_definition_with_guard(x, logits):
    p = 1 / (1 + np.exp(-logits))
    return -(x * np.log(p + 1e-8) + (1 - x) * np.log(1 - p + 1e-8)).sum(axis=1)


def with_clipped_probability(x, logits):
    p = np.clip(scipy.special.expit(logits), 1e-7, 1 - 1e-7)
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)


def with_clipped_logits(x, logits):
    return with_logaddexp(x, np.clip(logits, -30, 30))


def with_plain_softplus(x, logits):
    return (np.log(1 + np.exp(logits)) - x * logits).sum(axis=1)


def mean_over_pixels(x, logits):
    return (np.logaddexp(0, logits) - x * logits).mean(axis=1)


def mean_over_batch(x, logits):
    return with_logaddexp(x, logits).mean()


def log_likelihood_itself(x, logits):
    return -with_logaddexp(x, logits)


def squeezed_at_the_end(x, logits):
    return with_logaddexp(x, logits).squeeze()


def torch_loss_from_probabilities(x, logits):
    """torch holds the logarithms at −100."""
    p = torch.sigmoid(torch.tensor(logits))
    return torch.nn.functional.binary_cross_entropy(p, torch.tensor(x), reduction="none").sum(1)


def linear_beyond_20(x, logits):
    """max(l, 0) for large |l| alone is right to nine digits; at small |l| it forgets the logarithm of negative logits."""
    return (np.where(logits > 0, logits + np.log1p(np.exp(-np.abs(logits))), 0) - x * logits).sum(axis=1)


def that_changes_its_input(x, logits):
    logits -= 2 * x * logits  # the sign turned for pixels that are 1
    return np.logaddexp(0, logits).sum(axis=1)


def that_ignores_the_pixels(x, logits):
    return np.logaddexp(0, logits).sum(axis=1)


# --- 6.2 -------------------------------------------------------------------------------------------------------------


def affine(given, weight, dy):
    return dy @ weight.T, given.T @ dy, dy.sum(axis=0)


def by_layers(x, eps, params, values):
    n = x.shape[0]
    dlogits = (scipy.special.expit(values["logits"]) - x) / n
    dh2, dW4, db4 = affine(values["h2"], params["W4"], dlogits)
    dz, dW3, db3 = affine(values["z"], params["W3"], dh2 * (values["h2"] > 0))
    mu, logvar = values["mu"], values["logvar"]
    sigma = np.exp(0.5 * logvar)
    dmu = dz + mu / n
    dlogvar = 0.5 * dz * eps * sigma + 0.5 * (sigma**2 - 1) / n
    dh1, dW2, db2 = affine(values["h1"], params["W2"], np.hstack((dmu, dlogvar)))
    _, dW1, db1 = affine(values["centred"], params["W1"], dh1 * (values["h1"] > 0))
    return dW1, db1, dW2, db2, dW3, db3, dW4, db4


def in_a_list(*given):
    return list(by_layers(*given))


def in_torch(x, eps, params, values):
    return tuple(torch.tensor(each) for each in by_layers(x, eps, params, values))


def in_float32(x, eps, params, values):
    small = ({name: array.astype(np.float32) for name, array in each.items()} for each in (params, values))
    return by_layers(x.astype(np.float32), eps.astype(np.float32), *small)


def with_the_centre_computed_again(x, eps, params, values):
    values = dict(values, centred=x - params["mean"])
    return by_layers(x, eps, params, values)


def with_the_noise_from_z(x, eps, params, values):
    """σ ε is z − mu."""
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = values["z"] - values["mu"]
    return by_layers(x, noise / np.exp(values["logvar"] / 2), params, values)


def with_where(x, eps, params, values):
    l = values["logits"]  # noqa: E741
    e = np.exp(-np.abs(l))
    p = np.where(l >= 0, 1 / (1 + e), e / (1 + e))
    dl = (p - x) / len(x)
    da2 = np.where(values["a2"] > 0, dl @ params["W4"].T, 0.0)
    dz = da2 @ params["W3"].T
    k = eps.shape[1]
    ds = np.empty((len(x), 2 * k))
    ds[:, :k] = dz + values["mu"] / len(x)
    ds[:, k:] = dz * eps * np.exp(values["logvar"] / 2) * 0.5 + np.expm1(values["logvar"]) / (2 * len(x))
    da1 = np.where(values["a1"] > 0, ds @ params["W2"].T, 0.0)
    ones = np.ones(len(x))
    return (
        *(values["centred"].T @ da1, ones @ da1, values["h1"].T @ ds, ones @ ds),
        *(values["z"].T @ da2, ones @ da2, values["h2"].T @ dl, ones @ dl),
    )


def in_a_dictionary(*given):
    return dict(zip(("dW1", "db1", "dW2", "db2", "dW3", "db3", "dW4", "db4"), by_layers(*given), strict=True))


def changed(**lines):
    """``by_layers`` with other rules: loss (dlogits), mask, z_to_logvar, kl."""

    def wrong(x, eps, params, values):
        n, mu, logvar = len(x), values["mu"], values["logvar"]
        sigma = np.exp(logvar / 2)
        p = scipy.special.expit(values["logits"])
        dlogits = lines.get("loss", lambda p, x, n: (p - x) / n)(p, x, n)
        mask = lines.get("mask", lambda dh, h, a: dh * (h > 0))
        dh2, dW4, db4 = affine(values["h2"], params["W4"], dlogits)
        dz, dW3, db3 = affine(values["z"], params["W3"], mask(dh2, values["h2"], values["a2"]))
        z_to_logvar = lines.get("z_to_logvar", lambda sigma, eps: sigma * eps / 2)(sigma, eps)
        kl_mu, kl_logvar = lines.get("kl", lambda mu, logvar: (mu, np.expm1(logvar) / 2))(mu, logvar)
        ds = np.hstack((dz + kl_mu / n, dz * z_to_logvar + kl_logvar / n))
        dh1, dW2, db2 = affine(values["h1"], params["W2"], ds)
        _, dW1, db1 = affine(values["centred"], params["W1"], mask(dh1, values["h1"], values["a1"]))
        return dW1, db1, dW2, db2, dW3, db3, dW4, db4

    return wrong


def named(name, function):
    function.__name__ = name
    return function


WRONG_PASSES = [
    named("without_the_mean", changed(loss=lambda p, x, n: p - x)),
    named("with_a_mean_over_the_pixels", changed(loss=lambda p, x, n: (p - x) / x.size)),
    named("with_the_wrong_sign", changed(loss=lambda p, x, n: (x - p) / n)),
    named("with_the_sigmoid_slope", changed(loss=lambda p, x, n: (p - x) * p * (1 - p) / n)),
    named("without_masks", changed(mask=lambda dh, h, a: dh)),
    named("with_masks_that_let_0_pass", changed(mask=lambda dh, h, a: dh * (a >= 0))),
    named("with_masks_from_the_derivative", changed(mask=lambda dh, h, a: dh * (dh > 0))),
    named("with_the_value_as_mask", changed(mask=lambda dh, h, a: dh * h)),
    named("without_the_half", changed(z_to_logvar=lambda sigma, eps: sigma * eps)),
    named("with_the_variance_for_sigma", changed(z_to_logvar=lambda sigma, eps: sigma**2 * eps / 2)),
    named("without_the_noise", changed(z_to_logvar=lambda sigma, eps: sigma / 2)),
    named("without_the_path_to_logvar", changed(z_to_logvar=lambda sigma, eps: 0 * eps)),
    named("without_the_kl", changed(kl=lambda mu, logvar: (0 * mu, 0 * logvar))),
    named("with_twice_the_kl", changed(kl=lambda mu, logvar: (2 * mu, np.expm1(logvar)))),
    named(
        "with_a_kl_averaged_over_the_latents",
        changed(kl=lambda mu, logvar: (mu / mu.shape[1], np.expm1(logvar) / 2 / mu.shape[1])),
    ),
    named("with_a_kl_without_its_one", changed(kl=lambda mu, logvar: (mu, np.exp(logvar) / 2))),
    named("with_a_kl_of_the_log_deviation", changed(kl=lambda mu, logvar: (mu, np.exp(2 * logvar) - 1))),
]


def with_an_overflowing_sigmoid(x, eps, params, values):
    p = np.exp(values["logits"]) / (1 + np.exp(values["logits"]))
    return changed(loss=lambda _, x, n: (p - x) / n)(x, eps, params, values)


def with_x_in_place_of_centred(x, eps, params, values):
    return by_layers(x, eps, params, dict(values, centred=x))


def with_mean_biases(*given):
    found = by_layers(*given)
    return tuple(each if each.ndim == 2 else each / len(given[0]) for each in found)


def with_squeezed_results(*given):
    return tuple(each.squeeze() for each in by_layers(*given))


def from_the_last_to_the_first(*given):
    return by_layers(*given)[::-1]


def that_masks_in_place(x, eps, params, values):
    """Right numbers, but the forward values are changed."""
    found = by_layers(x, eps, params, values)
    values["a1"][values["a1"] < 0] = 0
    return found


def without_a_return(x, eps, params, values):
    by_layers(x, eps, params, values)


def spoilt(**lines):
    """``by_layers`` in the notebook's names. Each changed line is a function of its right value and of all names so far."""

    def wrong(x, eps, params, values):
        g = {"x": x, "eps": eps, "n": len(x), **params, **values}

        def line(name, value):
            g[name] = lines[name](value, g) if name in lines else value
            return g[name]

        line("dlogits", (scipy.special.expit(g["logits"]) - x) / g["n"])
        line("dW4", g["h2"].T @ g["dlogits"])
        line("dh2", g["dlogits"] @ g["W4"].T)
        line("da2", g["dh2"] * (g["a2"] > 0))
        line("dW3", g["z"].T @ g["da2"])
        line("dz", g["da2"] @ g["W3"].T)
        sigma = np.exp(g["logvar"] / 2)
        line("dmu", g["dz"] + g["mu"] / g["n"])
        line("dlogvar", g["dz"] * eps * sigma / 2 + (sigma**2 - 1) / 2 / g["n"])
        line("ds", np.hstack([g["dmu"], g["dlogvar"]]))
        line("dW2", g["h1"].T @ g["ds"])
        line("dh1", g["ds"] @ g["W2"].T)
        line("da1", g["dh1"] * (g["a1"] > 0))
        line("dW1", g["centred"].T @ g["da1"])
        pairs = zip(("dW1", "dW2", "dW3", "dW4"), ("da1", "ds", "da2", "dlogits"), strict=True)
        return tuple(each for weight, dy in pairs for each in (g[weight], line(f"db{weight[-1]}", g[dy].sum(axis=0))))

    return wrong


def of_the_stable_formula(last):
    """The derivative of max(l, 0) − x l + log(1 + e^−|l|), term by term, with this for the last term."""
    return spoilt(dlogits=lambda _, g: ((g["logits"] > 0) - g["x"] + last(g["logits"])) / g["n"])


def tail(logits):
    return np.exp(-np.abs(logits)) / (1 + np.exp(-np.abs(logits)))


CLASSIC_PASSES = [
    named("with_the_decoders_mask_from_dh2", spoilt(da2=lambda _, g: g["dh2"] * (g["dh2"] > 0))),
    named("with_the_encoders_mask_from_dh1", spoilt(da1=lambda _, g: g["dh1"] * (g["dh1"] > 0))),
    named("with_masks_of_h_not_negative", changed(mask=lambda dh, h, a: dh * (h >= 0))),
    named(
        "with_max_of_the_derivative",
        spoilt(da2=lambda _, g: np.maximum(g["dh2"], 0), da1=lambda _, g: np.maximum(g["dh1"], 0)),
    ),
    named("without_the_last_term_of_the_stable_formula", of_the_stable_formula(lambda logits: 0 * logits)),
    named("with_an_absolute_value_not_differentiated", of_the_stable_formula(lambda logits: -tail(logits))),
    named("with_a_squared_error_in_mind", spoilt(dlogits=lambda d, g: 2 * d)),
    named("with_mu_alone_back_to_h1", spoilt(dh1=lambda _, g: g["dmu"] @ g["W2"][:, : g["mu"].shape[1]].T)),
    named("with_logvar_alone_back_to_h1", spoilt(dh1=lambda _, g: g["dlogvar"] @ g["W2"][:, g["mu"].shape[1] :].T)),
    named("with_dmu_twice_in_ds", spoilt(ds=lambda _, g: np.hstack([g["dmu"], g["dmu"]]))),
    named(
        "with_weights_divided_once_more",
        spoilt(**{f"dW{number}": lambda d, g: d / g["n"] for number in range(1, 5)}),
    ),
    named(
        "with_means_over_all_entries",
        spoilt(
            dlogits=lambda d, g: d / d.shape[1],
            dmu=lambda _, g: g["dz"] + g["mu"] / g["mu"].size,
            dlogvar=lambda _, g: (
                g["dz"] * g["eps"] * np.exp(g["logvar"] / 2) / 2 + np.expm1(g["logvar"]) / 2 / g["mu"].size
            ),
        ),
    ),
    named("with_dW4_from_a2", spoilt(dW4=lambda _, g: g["a2"].T @ g["dlogits"])),
    named("with_dW2_from_a1", spoilt(dW2=lambda _, g: g["a1"].T @ g["ds"])),
    named("with_dz_from_dh2", spoilt(dz=lambda _, g: g["dh2"] @ g["W3"].T)),
]


# --- 6.3 -------------------------------------------------------------------------------------------------------------


def three_numbers_in_an_array():
    return np.array([4, 1, 7])


def three_numbers_in_a_list():
    return [4, 1, 7]


def three_floats():
    return 4.0, 1.0, 7.0


def logvar_path_missing_in_a():
    return 5, 1, 7


def shared_noise_in_c():
    return 4, 1, 3


def averaged_rate_in_c():
    return 4, 1, 8


def all_wrong():
    return 1, 2, 3


def counted_from_0():
    return 3, 0, 6


def a_and_c_exchanged():
    return 7, 1, 4


def b_and_c_exchanged():
    return 4, 7, 1


def only_the_doubtful_ones_wrong():
    return 5, 1, 3


def averaged_rate_and_no_kl():
    return 5, 1, 8


def no_mask_in_b():
    return 4, 9, 7


def no_mask_in_b_and_shared_noise_in_c():
    return 4, 9, 3


def a_number_that_is_not_there():
    return 4, 1, 10


def in_a_dictionary_by_letter():
    return {"A": 4, "B": 1, "C": 7}


def letters_for_numbers():
    return "4", "1", "7"


def one_number():
    return 4


def two_numbers():
    return 4, 1


# --- 6.4 -------------------------------------------------------------------------------------------------------------


def with_names_of_the_paper(theta, g, m, v, t, learning_rate):
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * np.square(g)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


def with_sums_of_the_weights(theta, g, m, v, t, learning_rate):
    """1 − β^t as the sum that it is."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    of_m = sum(0.1 * 0.9**i for i in range(t))
    of_v = sum(0.001 * 0.999**i for i in range(t))
    return theta - learning_rate * (m / of_m) / ((v / of_v) ** 0.5 + 1e-8), m, v


def entry_by_entry(theta, g, m, v, t, learning_rate):
    theta, m, v = theta.copy(), m.copy(), v.copy()
    for index in np.ndindex(theta.shape):
        m[index] += 0.1 * (g[index] - m[index])
        v[index] += 0.001 * (g[index] ** 2 - v[index])
        root = math.sqrt(v[index] / (1 - 0.999**t))
        theta[index] -= learning_rate * m[index] / (1 - 0.9**t) / (root + 1e-8)
    return theta, m, v


def by_the_optimiser_of_torch(theta, g, m, v, t, learning_rate):
    parameter = torch.nn.Parameter(torch.tensor(theta))
    adam = torch.optim.Adam([parameter], lr=learning_rate)
    parameter.grad = torch.tensor(g)
    state = adam.state[parameter]
    state["step"], state["exp_avg"], state["exp_avg_sq"] = torch.tensor(float(t - 1)), torch.tensor(m), torch.tensor(v)
    adam.step()
    return parameter.detach(), state["exp_avg"], state["exp_avg_sq"]


def in_three_lists(*given):
    return [list(each) if each.ndim == 1 else each for each in with_names_of_the_paper(*given)]


def in_place(theta, g, m, v, t, learning_rate):
    m *= 0.9
    m += 0.1 * g
    v *= 0.999
    v += 0.001 * g**2
    theta -= learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return theta, m, v


def adam_with(*, b1=0.9, b2=0.999, square=True, correct=True, inside=False, tiny=1e-8, sign=-1, keep=False, shift=0):
    def wrong(theta, g, m, v, t, learning_rate):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (g**2 if square else np.abs(g))
        mh, vh = (m / (1 - b1 ** (t + shift)), v / (1 - b2 ** (t + shift))) if correct else (m, v)
        root = np.sqrt(vh + tiny) if inside else np.sqrt(vh) + tiny
        return (
            (theta + sign * learning_rate * mh / root, mh, vh)
            if keep
            else (theta + sign * learning_rate * mh / root, m, v)
        )

    return wrong


WRONG_STEPS = [
    named("without_correction", adam_with(correct=False)),
    named("with_counting_from_0", adam_with(shift=-1)),
    named("with_counting_from_2", adam_with(shift=1)),
    named("with_corrected_means_kept", adam_with(keep=True)),
    named("with_delta_inside_the_root", adam_with(inside=True)),
    named("with_squared_delta_inside_the_root", adam_with(inside=True, tiny=1e-16)),
    named("without_delta", adam_with(tiny=0)),
    named("with_a_larger_delta", adam_with(tiny=1e-6)),
    named("uphill", adam_with(sign=1)),
    named("with_absolute_gradients", adam_with(square=False)),
    named("with_other_betas", adam_with(b1=0.95, b2=0.99)),
    named("with_exchanged_betas", adam_with(b1=0.999, b2=0.9)),
]


def as_rmsprop(theta, g, m, v, t, learning_rate):
    v = 0.999 * v + 0.001 * g**2
    return theta - learning_rate * g / (np.sqrt(v) + 1e-8), m, v


def with_weight_decay(theta, g, m, v, t, learning_rate):
    """As AdamW does it: before the step."""
    return with_names_of_the_paper(theta * (1 - 0.01 * learning_rate), g, m, v, t, learning_rate)


def with_the_rearranged_delta(theta, g, m, v, t, learning_rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    rate = learning_rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return theta - rate * m / (np.sqrt(v) + 1e-8), m, v


def that_returns_theta_alone(*given):
    return with_names_of_the_paper(*given)[0]


def with_the_gradient_centred(theta, g, m, v, t, learning_rate):
    """The square of g − m, as in AdaBelief."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * (g - m) ** 2
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def with_a_largest_square(theta, g, m, v, t, learning_rate):
    """AMSGrad: v never falls."""
    _, m, new = with_names_of_the_paper(theta, g, m, v, t, learning_rate)
    v = np.maximum(v, new)
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def as_adamax(theta, g, m, v, t, learning_rate):
    m, v = 0.9 * m + 0.1 * g, np.maximum(0.999 * v, np.abs(g))
    return theta - learning_rate / (1 - 0.9**t) * m / (v + 1e-8), m, v


def with_nesterov(theta, g, m, v, t, learning_rate):
    _, m, v = with_names_of_the_paper(theta, g, m, v, t, learning_rate)
    ahead = (0.9 * m + 0.1 * g) / (1 - 0.9**t)
    return theta - learning_rate * ahead / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def with_a_rate_that_falls(theta, g, m, v, t, learning_rate):
    return with_names_of_the_paper(theta, g, m, v, t, learning_rate / np.sqrt(t))


def with_v_from_the_corrected_mean(theta, g, m, v, t, learning_rate):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * (m / (1 - 0.9**t)) ** 2
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def with_the_gradient_added_whole(theta, g, m, v, t, learning_rate):
    """Momentum as in gradient descent, m = 0.9 m + g, and Adam's division."""
    m, v = 0.9 * m + g, 0.999 * v + 0.001 * g**2
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def that_corrects_by_t_alone(theta, g, m, v, t, learning_rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return theta - learning_rate * (m / t) / (np.sqrt(v / t) + 1e-8), m, v


def with_the_betas_to_the_other_side(theta, g, m, v, t, learning_rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return theta - learning_rate * (m / (1 - 0.1**t)) / (np.sqrt(v / (1 - 0.001**t)) + 1e-8), m, v


def that_always_takes_the_first_step(theta, g, m, v, t, learning_rate):
    return with_names_of_the_paper(theta, g, m, v, 1, learning_rate)


def that_starts_at_0_each_time(theta, g, m, v, t, learning_rate):
    return with_names_of_the_paper(theta, g, 0 * m, 0 * v, t, learning_rate)


RIGHT = {
    "6.1": [
        with_logaddexp,
        with_signed_logits,
        with_max_and_log1p,
        with_torch_loss,
        with_torch_distribution,
        with_masks,
        with_log_expit,
        that_silences_warnings,
        as_a_list,
    ],
    "6.2": [
        by_layers,
        in_a_list,
        in_torch,
        in_float32,
        with_the_centre_computed_again,
        with_where,
    ],
    "6.3": [three_numbers_in_an_array, three_numbers_in_a_list, three_floats],
    "6.4": [with_names_of_the_paper, with_sums_of_the_weights, entry_by_entry, by_the_optimiser_of_torch],
}
WRONG = {
    "6.1": [
        by_definition,
        by_definition_with_nan_to_num,
        by_definition_with_guard,
        with_clipped_probability,
        with_clipped_logits,
        with_plain_softplus,
        mean_over_pixels,
        mean_over_batch,
        log_likelihood_itself,
        squeezed_at_the_end,
        torch_loss_from_probabilities,
        linear_beyond_20,
        that_changes_its_input,
        that_ignores_the_pixels,
    ],
    "6.2": [
        *WRONG_PASSES,
        *CLASSIC_PASSES,
        with_an_overflowing_sigmoid,
        with_x_in_place_of_centred,
        with_mean_biases,
        with_squeezed_results,
        from_the_last_to_the_first,
        that_masks_in_place,
        without_a_return,
        in_a_dictionary,
    ],
    "6.3": [
        logvar_path_missing_in_a,
        shared_noise_in_c,
        averaged_rate_in_c,
        all_wrong,
        counted_from_0,
        a_and_c_exchanged,
        b_and_c_exchanged,
        only_the_doubtful_ones_wrong,
        averaged_rate_and_no_kl,
        no_mask_in_b,
        no_mask_in_b_and_shared_noise_in_c,
        a_number_that_is_not_there,
        in_a_dictionary_by_letter,
        letters_for_numbers,
        one_number,
        two_numbers,
    ],
    "6.4": [
        *WRONG_STEPS,
        as_rmsprop,
        with_weight_decay,
        with_the_rearranged_delta,
        that_returns_theta_alone,
        with_the_gradient_centred,
        with_a_largest_square,
        as_adamax,
        with_nesterov,
        with_a_rate_that_falls,
        with_v_from_the_corrected_mean,
        with_the_gradient_added_whole,
        that_corrects_by_t_alone,
        with_the_betas_to_the_other_side,
        that_always_takes_the_first_step,
        that_starts_at_0_each_time,
        in_place,
    ],
}
# How the message begins that the classic ones hear.
HEARS = {
    "6.2": {
        "with_masks_from_the_derivative": "the masks come from the derivatives",
        "with_max_of_the_derivative": "the masks come from the derivatives",
        "with_the_decoders_mask_from_dh2": "the decoder's mask comes from the derivative dh2",
        "with_the_encoders_mask_from_dh1": "the encoder's mask comes from the derivative dh1",
        "with_masks_of_h_not_negative": "both ReLUs let everything pass",
        "without_the_last_term_of_the_stable_formula": "the last term is missing in dlogits",
        "with_an_absolute_value_not_differentiated": "the inner derivative of |l| is missing in dlogits",
        "with_a_squared_error_in_mind": "dlogits is twice the right one",
        "with_mu_alone_back_to_h1": "dh1 is made with dmu alone",
        "with_logvar_alone_back_to_h1": "dh1 is made with dlogvar alone",
        "with_dmu_twice_in_ds": "dmu stands in both halves of ds",
        "with_weights_divided_once_more": "the weights' gradients are divided by the batch size once more",
        "with_means_over_all_entries": "distortion and rate are divided by the numbers of pixels and of latents",
        "with_dW4_from_a2": "dW4 is made with a2",
        "with_dW2_from_a1": "dW2 is made with a1",
        "with_dz_from_dh2": "dz is made with dh2",
        "with_a_kl_of_the_log_deviation": "dlogvar_by_kl takes logvar for log σ",
        "without_the_half": "the ½ is missing in dlogvar_by_z",
        "with_x_in_place_of_centred": "dW1 is made with x",
    },
    "6.3": {
        "counted_from_0": "you count from 0",
        "a_and_c_exchanged": "each number belongs to one of the programs",
        "b_and_c_exchanged": "each number belongs to one of the programs",
        "only_the_doubtful_ones_wrong": "A: mistake 5 remains at eps = 0, and this one vanishes there; C: with one ε",
        "averaged_rate_in_c": "C: mistake 8 leaves the gradients of the decoder right",
        "averaged_rate_and_no_kl": "at least two of the three are not right",
        "no_mask_in_b": "B: mistake 9 does no harm",
        "no_mask_in_b_and_shared_noise_in_c": "B: mistake 9 does no harm",
        "a_number_that_is_not_there": "at least two of the three are not right, or one is not on the list",
    },
    "6.4": {
        "with_the_gradient_centred": "v is the running mean of (g − m)²",
        "with_a_largest_square": "v keeps its largest value",
        "with_nesterov": "m is updated twice with the same gradient",
        "with_a_rate_that_falls": "the learning rate falls with t here",
        "with_v_from_the_corrected_mean": "v is the running mean of the square of the corrected m",
        "with_the_gradient_added_whole": "the gradient has the weight 1 in m",
        "that_corrects_by_t_alone": "each mean is divided by t",
        "with_the_betas_to_the_other_side": "the correction has the weight of the new value to the power t",
        "with_weight_decay": "theta shrinks a little beside the step",
        "with_counting_from_0": "the correction counts the steps from 0",
    },
}
HARMLESS = set()
CONTAINERS = {"as_a_list"}
