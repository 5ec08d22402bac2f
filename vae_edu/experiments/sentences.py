"""Popular sentences about VAEs, and the trials of each: numbers that this course has stored, beside those of a control (notebook 26)."""

from __future__ import annotations

from vae_edu.experiments import trial_numbers as numbers
from vae_edu.experiments.trials import Sentence, Trial

__all__ = ["BLOCKS", "sentences"]

BLOCKS = {"samples": 5, "latent spaces": 5, "training and models": 5, "uses": 6}


def sentences() -> tuple[Sentence, ...]:
    """All sentences, block by block."""
    fading = "cross-fade of pixels"
    vae, plain = "VAE, Gaussian pixels", "autoencoder"
    return (
        Sentence(
            "VAEs produce realistic images.",
            "samples",
            (
                Trial(
                    "against independent pixels",
                    "Fréchet distance of features",
                    "13",
                    lambda: (
                        numbers.of_images("120 epochs", "VAE", 0),
                        numbers.of_images("controls", "independent pixels", 0),
                    ),
                    False,
                ),
                Trial(
                    "against real images",
                    "accuracy of a classifier that tells them apart",
                    "13",
                    lambda: (
                        numbers.of_images("120 epochs", "VAE", 2),
                        numbers.of_images("controls", "fresh images", 2),
                    ),
                    False,
                ),
            ),
        ),
        Sentence(
            "VAEs give more varied samples than GANs.",
            "samples",
            (
                Trial(
                    "on a grid of Gaussians",
                    "coverage",
                    "13",
                    lambda: (numbers.of_toys("grid", "VAE", 2), numbers.of_toys("grid", "GAN", 2)),
                ),
                Trial(
                    "on a ring of Gaussians",
                    "coverage",
                    "13",
                    lambda: (numbers.of_toys("ring", "VAE", 2), numbers.of_toys("ring", "GAN", 2)),
                ),
            ),
        ),
        Sentence(
            "VAEs suffer from mode collapse.",
            "samples",
            (
                Trial(
                    "on a grid, against a GAN",
                    "fraction of real points missed",
                    "13",
                    lambda: (1 - numbers.of_toys("grid", "VAE", 2), 1 - numbers.of_toys("grid", "GAN", 2)),
                ),
                Trial(
                    "on clothes, against real images",
                    "fraction of test images missed",
                    "02",
                    lambda: (numbers.decoded("VAE", "N(0, I)", 1), numbers.of("02", "controls", "real images", 0, 1)),
                ),
            ),
        ),
        Sentence(
            "To generate, you need a VAE; an autoencoder cannot.",
            "samples",
            (
                Trial(
                    "against an autoencoder with codes from N(0, I)",
                    "fraction of test images missed",
                    "02",
                    lambda: (numbers.decoded("VAE", "N(0, I)", 1), numbers.decoded(plain, "N(0, I)", 1)),
                    False,
                ),
                Trial(
                    "against an autoencoder with a mixture on its codes",
                    "fraction of samples in holes",
                    "02",
                    lambda: (numbers.decoded("VAE", "N(0, I)", 0), numbers.decoded(plain, "mixture", 0)),
                    False,
                ),
            ),
        ),
        Sentence(
            "A good reconstruction shows a good model.",
            "samples",
            (
                Trial(
                    "β = 0.2, which reconstructs better, against β = 1",
                    "Fréchet distance of samples",
                    "09",
                    lambda: numbers.by_beta("samples", 0),
                    False,
                ),
                Trial(
                    "an autoencoder, which reconstructs better, against a VAE",
                    "fraction of test images missed",
                    "02",
                    lambda: (numbers.decoded(plain, "N(0, I)", 1), numbers.decoded("VAE", "N(0, I)", 1)),
                    False,
                ),
            ),
        ),
        Sentence(
            "VAE latent spaces are smooth.",
            "latent spaces",
            (
                Trial(
                    "in mid-path, against an autoencoder",
                    "fraction of pictures in holes",
                    "26",
                    lambda: (numbers.here(vae, "middle"), numbers.here(plain, "middle")),
                    False,
                ),
                Trial(
                    f"in mid-path, against a {fading}",
                    "fraction of pictures in holes",
                    "26",
                    lambda: (numbers.here(vae, "middle"), numbers.here("controls", "middle", 0)),
                    False,
                ),
                Trial(
                    f"in size of step, against a {fading}",
                    "largest step over mean step",
                    "26",
                    lambda: (numbers.here(vae, "jump"), numbers.here("controls", "jump", 0)),
                    False,
                ),
            ),
        ),
        Sentence(
            "The latents of a VAE are interpretable.",
            "latent spaces",
            (
                Trial(
                    "against random axes of the same code",
                    "MIG at β = 1",
                    "17",
                    lambda: (numbers.mig("mig", 1), numbers.mig("rotated", 1)),
                ),
                Trial(
                    "against a linear map from 100 labels",
                    "MIG at β = 1",
                    "17",
                    lambda: (numbers.mig("mig", 1), numbers.mig("probe_mig", 1)),
                ),
            ),
        ),
        Sentence(
            "A larger β disentangles.",
            "latent spaces",
            (
                Trial("from β = 1 to 4", "MIG", "17", lambda: (numbers.mig("mig", 4), numbers.mig("mig", 1))),
                Trial("from β = 4 to 16", "MIG", "17", lambda: (numbers.mig("mig", 16), numbers.mig("mig", 4))),
            ),
        ),
        Sentence(
            "The KL term regularises.",
            "latent spaces",
            (
                Trial(
                    "in the gap, β = 1 against β = 0",
                    "squared error, test minus training images",
                    "26",
                    lambda: (numbers.gap("β = 1"), numbers.gap("β = 0")),
                    False,
                ),
                Trial(
                    "in the gap, β = 1 against an autoencoder",
                    "squared error, test minus training images",
                    "26",
                    lambda: (numbers.gap("β = 1"), numbers.gap(plain)),
                    False,
                ),
                Trial(
                    "on test images, β = 1 against β = 0",
                    "squared error of test images",
                    "26",
                    lambda: (
                        numbers.here("few images, β = 1", "test", 100),
                        numbers.here("few images, β = 0", "test", 100),
                    ),
                    False,
                ),
            ),
        ),
        Sentence(
            "VAEs are robust.",
            "latent spaces",
            (
                Trial(
                    "against pixels",
                    "accuracy under attack, linear classifier, %",
                    "26",
                    lambda: (numbers.attacked(vae), numbers.attacked("controls", "pixels", 0)),
                ),
                Trial(
                    "against as many directions of PCA",
                    "accuracy under attack, linear classifier, %",
                    "26",
                    lambda: (numbers.attacked(vae), numbers.attacked("controls", "PCA", 0)),
                ),
                Trial(
                    "against an autoencoder",
                    "accuracy under attack, linear classifier, %",
                    "26",
                    lambda: (numbers.attacked(vae), numbers.attacked(plain)),
                ),
            ),
        ),
        Sentence(
            "VAEs are hard to train.",
            "training and models",
            (
                Trial(
                    "at learning rate 0.01, against an autoencoder",
                    "fraction of runs that trained",
                    "14",
                    lambda: (numbers.trained("VAE", 0.01), numbers.trained("autoencoder", 0.01)),
                    False,
                    counted=True,
                ),
                Trial(
                    "at 0.01 with SiLU, against an autoencoder",
                    "fraction of runs that trained",
                    "14",
                    lambda: (numbers.trained("VAE, SiLU", 0.01), numbers.trained("autoencoder, SiLU", 0.01)),
                    False,
                    counted=True,
                ),
            ),
        ),
        Sentence(
            "KL warm-up cures posterior collapse.",
            "training and models",
            (
                Trial(
                    "against no warm-up",
                    "rate on names, nats",
                    "11",
                    lambda: (numbers.of("11", "warm-up", "rate"), numbers.of("11", "plain", "rate")),
                ),
                Trial(
                    "against a decoder without z",
                    "−log p(x) of names, nats",
                    "11",
                    lambda: (numbers.of("11", "warm-up", "nll"), numbers.of("11", "no z", "nll")),
                    False,
                ),
            ),
        ),
        Sentence(
            "A more flexible approximate posterior gives a better model.",
            "training and models",
            (
                Trial(
                    "IAF against a diagonal Gaussian",
                    "−log p(x), nats",
                    "15",
                    lambda: (numbers.of("15", "IAF q", "nll"), numbers.of("15", "plain", "nll")),
                    False,
                ),
                Trial(
                    "planar flow against a diagonal Gaussian",
                    "−log p(x), nats",
                    "15",
                    lambda: (numbers.of("15", "planar q", "nll"), numbers.of("15", "plain", "nll")),
                    False,
                ),
            ),
        ),
        Sentence(
            "Deeper hierarchies of latents are better.",
            "training and models",
            (
                Trial(
                    "against one layer with as many parameters",
                    "−log p(x), nats",
                    "16",
                    lambda: (
                        numbers.of("16", "bottom-up, warm-up", "nll"),
                        numbers.of("16", "one layer, wider, warm-up", "nll"),
                    ),
                    False,
                ),
            ),
        ),
        Sentence(
            "Convolutional VAEs are better on images.",
            "training and models",
            (
                Trial(
                    "with equal parameters and epochs",
                    "−ELBO, nats",
                    "07",
                    lambda: numbers.convolutions("same parameters", 24),
                    False,
                ),
                Trial(
                    "with equal time",
                    "−ELBO, nats",
                    "07",
                    lambda: numbers.convolutions("400 units, as long", 60),
                    False,
                ),
            ),
        ),
        Sentence(
            "VAEs detect anomalies because these have low likelihood.",
            "uses",
            (
                Trial(
                    "with clothes as anomalies, trained on digits",
                    "AUROC of −ELBO; control: chance",
                    "18",
                    lambda: numbers.unusual("digits"),
                ),
                Trial(
                    "with digits as anomalies, trained on clothes",
                    "AUROC of −ELBO; control: chance",
                    "18",
                    lambda: numbers.unusual("clothes"),
                ),
            ),
        ),
        Sentence(
            "VAEs find anomalies in tables better than classical detectors.",
            "uses",
            (
                Trial(
                    "against the distance to the mean",
                    "AUROC, mean of each of four tables",
                    "18",
                    lambda: (numbers.tables("VAE: −ELBO"), numbers.tables("distance to the mean")),
                ),
                Trial(
                    "against nearest neighbours",
                    "AUROC, mean of each of four tables",
                    "18",
                    lambda: (numbers.tables("VAE: −ELBO"), numbers.tables("k-NN")),
                ),
            ),
        ),
        Sentence(
            "Pre-training a VAE improves transfer to new classes.",
            "uses",
            tuple(
                Trial(
                    f"on {data}, against pixels",
                    "accuracy of a linear classifier, %",
                    "19",
                    lambda data=data: (
                        numbers.transfer(data, "VAE of the other classes, hidden layer"),
                        numbers.transfer(data, "pixels"),
                    ),
                )
                for data in ("MNIST", "Fashion-MNIST")
            ),
        ),
        Sentence(
            "With few labels, use a semi-supervised VAE.",
            "uses",
            (
                Trial(
                    "M2 against its own classifier alone, 20 labels",
                    "accuracy, %",
                    "19",
                    lambda: (numbers.labels(20, "M2, weight 1"), numbers.labels(20, "q(y|x) alone")),
                ),
                Trial(
                    "M2 against label spreading on pixels, 20 labels",
                    "accuracy, %",
                    "19",
                    lambda: (numbers.labels(20, "M2, weight 1"), numbers.labels(20, "label spreading")),
                ),
            ),
        ),
        Sentence(
            "Augmenting with VAE samples improves a classifier.",
            "uses",
            tuple(
                Trial(
                    f"{count} images, against these alone",
                    "accuracy, %",
                    "20",
                    lambda count=count: (
                        numbers.of("20", f"augmentation, {count}", "VAE"),
                        numbers.of("20", f"augmentation, {count}", "real"),
                    ),
                )
                for count in (50, 500)
            ),
        ),
        Sentence(
            "VAEs improve exploration.",
            "uses",
            tuple(
                Trial(
                    f"with its codes as bonus, against {control}",
                    "states reached in a grid world",
                    "23",
                    lambda name=name: (numbers.reached("codes, VAE kept up"), numbers.reached(name)),
                )
                for control, name in (
                    ("random numbers", "random numbers"),
                    ("codes of an untrained VAE", "codes, untrained VAE"),
                    ("true counts", "true counts"),
                )
            ),
        ),
    )
