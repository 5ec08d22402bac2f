"""Exercise 10.3: five models, known by what the instruments read."""

from vae_edu.exercises.matching import matching


def name_the_models():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 5."""
    # D: every latent has a rate, none has information: the rate is that of a fixed width, 3. A: the encoder is healthy, but the
    # decoder misses no latent, and its error is the variance of a pixel: 4. B: few latents, but an ELBO near the best without z, so
    # σ_x² has been learned: 1. C: the smallest error, and the distortion that belongs to a σ_x² far below it: 5. E: 0.
    return 4, 1, 5, 3, 0


FEW = "at most two of its latents are active"
ALL = "all 12 of its latents are active and carry information"
AGAINST = (
    {  # A, shuffled decoder
        0: "its encoder is fine, but its −ELBO is far above that of a model without z. Which instrument looks at the decoder?",
        1: f"{ALL}. Compare with the last column: is it the encoder that is silent?",
        2: f"{ALL}. Would they, with a σ_x² far above every eigenvalue?",
        3: f"{ALL}. With a σ_x² far above every eigenvalue, the encoder has nothing to gain from information",
        5: "its error is that of a model without z. With so little noise, the decoder would use every latent",
    },
    {  # B, dead units
        0: f"{FEW}, and its error is nearly that of a model without z. Why did so few come back?",
        2: f"{FEW}, and its −ELBO is below that of a model without z at its best σ_x². With σ_x² = 32 it could not be",
        3: "with a fixed width, every latent has a rate. Here few have one",
        4: "its decoder misses as many latents as are active, so it has learned to read them",
        5: f"{FEW}. With so little noise, would others stay silent?",
    },
    {  # C, too little noise
        0: "its −ELBO is far above that of a model without z, although its error is small. Which σ_x² belongs to this distortion?",
        1: f"{ALL}. Units that died would leave few",
        2: f"{ALL}. Would they, with a σ_x² far above every eigenvalue?",
        3: f"{ALL}. With a σ_x² far above every eigenvalue, the encoder has nothing to gain from information",
        4: "its error is small, so its decoder reads z",
    },
    {  # D, fixed width
        0: "it has a rate, but no information. Where is the rate spent?",
        1: "with a learned σ_x², the −ELBO would be near that of a model without z at its best σ_x², or below",
        2: "the noise is right, but with a free σ_j the best rate is 0. What holds this rate up in every latent?",
        4: "its encoder carries no information. Only the decoder was trained again in number 4",
        5: "no unit is active. With so little noise, every latent would gain",
    },
    {  # E, healthy
        1: f"{ALL}. Units that died would leave few",
        2: f"{ALL}. Would they, with a σ_x² far above every eigenvalue?",
        3: f"{ALL}. With a σ_x² far above every eigenvalue, the encoder has nothing to gain from information",
        4: "its decoder misses every latent, so it reads z",
        5: "its −ELBO is the lowest of the five. With a σ_x² far below the error, could it be?",
    },
)

EXERCISE = matching(
    name_the_models,
    AGAINST,
    id="10.3",
    title="Five models, known by what the instruments read",
    minutes=10,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 5, for A to E in this order",
    hints=(
        "Compare the rate with the information, and both with the last column. Which models carry a rate for nothing?",
        "−ELBO minus the rate is the distortion, 32 log(2π σ_x²) + 32 · error / σ_x². Which σ_x² fits each model?",
        "Two models have a −ELBO above 100 nats: one has a small error and the other has that of a model without z.",
    ),
)
