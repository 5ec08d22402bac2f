"""Mistakes planted in notebook 01: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "an encoder that never learns and a code that is too small": (
        """
class LinearAutoencoder(LinearAutoencoder):
    def __init__(self, data, latent):
        super().__init__(data, latent)
        self.encode.weight.data[0] = 0
        self.encode.weight.requires_grad_(False)
""",
        "largest excess of the error over that of PCA",
    ),
    "an epoch that trains the decoder alone": (
        """
right_use = use
def use(exercise_id, function):
    step = right_use(exercise_id, function)
    if exercise_id != "1.2":
        return step
    def decoder_alone(model, optimizer, x, batches, corrupt):
        encode = model.encode
        model.encode = lambda x: encode(x).detach()
        try:
            return step(model, optimizer, x, batches, corrupt)
        finally:
            model.encode = encode
    return decoder_alone
""",
        "hidden layer in the decoder alone|hidden layer in the encoder alone",
    ),
    "the nearest example in place of the best denoiser": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "1.4":
        return right_use(exercise_id, function)
    return lambda noisy, clean, sigma: clean[((noisy[:, None] - clean[None]) ** 2).sum(axis=2).argmin(axis=1)]
""",
        "network to the formula",
    ),
    "a denoising autoencoder that never sees a missing pixel": (
        """
def mask(x, generator):
    return x
""",
        "so does the denoising one",
    ),
}
