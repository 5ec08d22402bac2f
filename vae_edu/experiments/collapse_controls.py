"""Controls of notebook 10: units that cannot die, and a small start, with a learned decoder variance; an autoregressive decoder that
starts from a trained factorised model; and the model of sampled images on new samples of its source. Sizes and settings are those of
``collapse``.
"""

from __future__ import annotations

import torch
from torch import nn

from vae_edu.experiments import collapse
from vae_edu.likelihoods import LearnedGaussian
from vae_edu.models.autoregressive import AutoregressiveVAE
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, evaluate, fit

__all__ = ["RUNS", "SETTINGS", "row", "train_grey", "warm_start"]

SETTINGS = {
    "grey": {
        "leaky ReLU from 1": {"start": 1.0, "activation": "LeakyReLU"},
        "tanh from 0.01": {"start": 0.01, "activation": "Tanh"},
    },
    "grey_epochs": 1200,
    "factorised_epochs": 130,
    "autoregressive_epochs": 390,  # with those before, as many as the long runs of ``collapse``
    "dream_epochs": 40,
    "seeds": [0, 1, 2],
    "as in collapse": {name: value for name, value in collapse.SETTINGS.items() if name not in ("grey", "seeds")},
}


def _runs():
    for seed in SETTINGS["seeds"]:
        yield {"name": "dream, new samples", "epochs": SETTINGS["dream_epochs"], "seed": seed}
        for name in SETTINGS["grey"]:
            yield {"name": name, "epochs": SETTINGS["grey_epochs"], "seed": seed}
        yield {"name": "autoregressive, from factorised", "epochs": SETTINGS["autoregressive_epochs"], "seed": seed}


RUNS = list(_runs())


def train_grey(name: str, *, epochs: int, seed: int) -> tuple[VAE, list[list[float]]]:
    """One of the models of SETTINGS["grey"], and what was watched in between, as in ``collapse``."""
    own, (x, _), trace = SETTINGS["grey"][name], collapse.images(), []
    torch.manual_seed(seed)
    sizes = {"hidden": (collapse.SETTINGS["hidden"],), "activation": getattr(nn, own["activation"])}
    likelihood = LearnedGaussian(own["start"])
    model = VAE(64, collapse.SETTINGS["latent"], mean=x.mean(dim=0), likelihood=likelihood, **sizes)

    def watch(step: int, _done: float) -> None:
        if step in collapse.SETTINGS["watched"]:
            trace.append(collapse.watched(model, step))

    options = {"batch_size": collapse.SETTINGS["grey_batch"], "learning_rate": collapse.SETTINGS["learning_rate"]}
    generator = torch.Generator().manual_seed(seed)
    fit(model, negative_elbo, x, epochs=epochs, generator=generator, before_step=watch, **options)
    trace.append(collapse.watched(model, epochs * -(-len(x) // collapse.SETTINGS["grey_batch"])))
    return model, trace


def warm_start(*, before: int, epochs: int, seed: int) -> AutoregressiveVAE:
    """An autoregressive model that starts as a factorised one, trained for ``before`` epochs, with no weight between pixels."""
    x, _ = collapse.images()
    start = collapse.train_binary("factorised", epochs=before, seed=seed)
    model = AutoregressiveVAE(
        64, collapse.SETTINGS["latent"], mean=x.mean(dim=0), hidden=(collapse.SETTINGS["hidden"],)
    )
    model.load_state_dict(start.state_dict(), strict=False)
    options = {"batch_size": collapse.SETTINGS["binary_batch"], "learning_rate": cosine(1e-2)}
    fit(model, negative_elbo, x, epochs=epochs, generator=torch.Generator().manual_seed(seed), **options)
    return model


@torch.no_grad()
def _means(model: VAE, x: torch.Tensor, times: int) -> dict[str, float]:
    """Distortion, rate and elbo, averaged over ``x`` and over ``times`` samples of the noise (and of the pixels)."""
    generator = torch.Generator().manual_seed(0)
    found = [evaluate(model, negative_elbo, x, generator=generator) for _ in range(times)]
    return {name: round(sum(each[name] for each in found) / times, 4) for name in ("elbo", "distortion", "rate")}


def row(name: str, epochs: int, seed: int) -> dict:
    """One row of the results. A dream: ``excess``, its −ELBO minus the source's −log p on the images that it was trained on, and
    ``new_excess`` on as many new ones. A grey model: its ``trace`` and the units that are on. All but a dream: elbo,
    distortion and rate of test images and what the ``instruments`` read on training images."""
    (x, test), result = collapse.images(), {"name": name, "epochs": epochs, "seed": seed}
    if name == "dream, new samples":
        model, _, source, dreams = collapse.dream(epochs=epochs, seed=seed)
        zeros = torch.zeros(len(dreams), collapse.SETTINGS["latent"])
        new = source.draw(zeros, generator=torch.Generator().manual_seed(1000 + seed))
        for column, images in (("excess", dreams), ("new_excess", new)):
            with torch.no_grad():
                own = -source.log_prob(images, zeros).mean().item()
            result[column] = round(-_means(model, images, 3)["elbo"] - own, 4)
        return result
    if name in SETTINGS["grey"]:
        model, trace = train_grey(name, epochs=epochs, seed=seed)
        more = dict(zip(("encoder_on", "decoder_on"), collapse.switched_on(model), strict=True)) | {"trace": trace}
    else:
        model, more = warm_start(before=SETTINGS["factorised_epochs"], epochs=epochs, seed=seed), {}
    model.eval()
    found = collapse.instruments(model, x, generator=torch.Generator().manual_seed(0))
    return result | _means(model, test, 10) | found | more
