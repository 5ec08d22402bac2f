"""The claims bite: a wrong implementation planted behind a notebook's imports makes one of its claims fail.

A plant is one entry of PLANTS: the notebook's number; source that runs right behind the set-up; and a part of the sentence
of the claim (or of what is verified) that must fail, or several, separated by ``|``, of which one must.
"""

import re

import pytest
from nbformat.v4 import new_code_cell
from slicing import only_claims, saying

from vae_edu.course.cells import read, tags, text_of
from vae_edu.course.executing import execute
from vae_edu.course.places import notebook_path

PLANTS = {
    "00: torch is missing": (
        "00",
        """
from vae_edu.course.learner.doctor import Finding
examine = lambda: [Finding("missing", "torch is not installed")]
""",
        "nothing essential is missing",
    ),
    "00: the mean over pixels in place of the sum": (
        "00",
        """
right_elbo = negative_elbo
def negative_elbo(model, x, generator):
    terms = right_elbo(model, x, generator)
    return {"loss": terms["distortion"] / 784 + terms["rate"], "distortion": terms["distortion"] / 784, "rate": terms["rate"]}
""",
        "the course's loss is what is computed here|VAE: cost of a test image|error of the difference from the mean image",
    ),
    "00: pixels that are black where they are grey by half": (
        "00",
        """
def binarise(x, generator):
    return (x > 0.5).float()
""",
        "a list of 200 mean images|the course's loss is what is computed here|VAE: cost of a test image",
    ),
    "00: a loss that averages over the pixels": (
        "00",
        """
def use(exercise_id, function):
    return lambda distortion, rate: distortion.mean() + rate.sum(axis=1).mean()
""",
        "bags: cost on top of chance",
    ),
    "00: a loss of the whole batch": (
        "00",
        """
def use(exercise_id, function):
    return lambda distortion, rate: distortion.sum() + rate.sum()
""",
        "bags: cost on top of chance",
    ),
    "01: an encoder that never learns and a code that is too small": (
        "01",
        """
class LinearAutoencoder(LinearAutoencoder):
    def __init__(self, data, latent):
        super().__init__(data, latent)
        self.encode.weight.data[0] = 0
        self.encode.weight.requires_grad_(False)
""",
        "largest excess of the error over that of PCA",
    ),
    "01: an epoch that trains the decoder alone": (
        "01",
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
    "01: the nearest example in place of the best denoiser": (
        "01",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "1.4":
        return right_use(exercise_id, function)
    return lambda noisy, clean, sigma: clean[((noisy[:, None] - clean[None]) ** 2).sum(axis=2).argmin(axis=1)]
""",
        "network to the formula",
    ),
    "01: a denoising autoencoder that never sees a missing pixel": (
        "01",
        """
def mask(x, generator):
    return x
""",
        "so does the denoising one",
    ),
    "02: a Fréchet distance without the covariances": (
        "02",
        """
def frechet_distance(a, b):
    return float(((np.asarray(a).mean(axis=0) - np.asarray(b).mean(axis=0)) ** 2).sum())
""",
        "Fréchet distance of eight ways here",
    ),
    "02: a VAE whose codes nothing pulls towards N(0, I)": (
        "02",
        """
right_train = train
def train(name, **options):
    return right_train(name.replace("VAE", "autoencoder, binary pixels"), **options)
""",
        "VAE, N(0, I): samples in holes",
    ),
    "02: a mixture of one Gaussian": (
        "02",
        """
def fit_mixture(codes, components=None):
    return GaussianMixture(1, random_state=0).fit(codes)
""",
        "VAE, mixture on its codes: samples in holes|one Gaussian is worse than the mixture",
    ),
    "02: a whitening of each number alone": (
        "02",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "2.1":
        return right_use(exercise_id, function)
    return lambda codes: (np.diag(1 / codes.std(axis=0)), codes.mean(axis=0))
""",
        "the whitened codes have covariance I",
    ),
    "02: a classifier with another threshold than that of its holes": (
        "02",
        """
right_judge = judge
def judge(seed):
    own = right_judge(seed)
    own.threshold = np.quantile(own.others.min(axis=1), 0.5)
    return own
""",
        "the threshold leaves 5 %",
    ),
    "03: a posterior of the mixture without its prior": (
        "03",
        """
right_use = use
def use(exercise_id, function):
    density = right_use(exercise_id, function)
    if exercise_id != "3.1":
        return density
    return lambda x, probabilities, means, variances: density(x, probabilities**0 / len(probabilities), means, variances)
""",
        "log p(x) is that of scikit-learn",
    ),
    "03: the tangent's m without J z": (
        "03",
        """
right_use = use
def use(exercise_id, function):
    proposal = right_use(exercise_id, function)
    if exercise_id != "3.2":
        return proposal
    def wrong(x, decoder, jacobian, variance, start, steps):
        z = start
        for _ in range(steps):
            J = jacobian(z)
            z = np.linalg.solve(J.T @ J + variance * np.eye(len(z)), J.T @ (x - decoder(z)))
        return z, proposal(x, decoder, jacobian, variance, z, 0)[1]
    return wrong
""",
        "16 latents, q: largest error of 40 estimates|linear decoder: the mean of q",
    ),
    "03: a covariance without the noise": (
        "03",
        """
right_use = use
def use(exercise_id, function):
    proposal = right_use(exercise_id, function)
    if exercise_id != "3.2":
        return proposal
    def wrong(x, decoder, jacobian, variance, start, steps):
        mean, covariance = proposal(x, decoder, jacobian, variance, start, steps)
        return mean, covariance / variance
    return wrong
""",
        "q: the reported cost is the exact one|linear decoder: the covariance of q",
    ),
    "03: a defensive mixture without its prior": (
        "03",
        """
def with_prior(parts, fraction):
    return parts
""",
        "A, C and E with 10 % prior: largest error of 40 runs each",
    ),
    "03: a Laplace estimate without the volume of its Gaussian": (
        "03",
        """
np.linalg.slogdet = lambda matrix: (1.0, 0.0)
""",
        "16 latents, Laplace: a typical error below 0.1",
    ),
    "03: an evidence that forgets the determinant": (
        "03",
        """
class PPCA(PPCA):
    def log_prob(self, x):
        return super().log_prob(x) + self._inner_factor.diagonal().log().sum()
""",
        "each latent multiplies S/ESS by|the lines are straight",
    ),
    "05: a score that is divided by the variance": (
        "05",
        """
right_use = use
def use(exercise_id, function):
    estimators = right_use(exercise_id, function)
    if exercise_id != "5.1":
        return estimators
    def planted(f, slope, mu, logvar, eps):
        found = estimators(f, slope, mu, logvar, eps)
        return found[0], found[1], found[2] / np.exp(logvar / 2), found[3]
    return planted
""",
        "score-function estimates with the wrong sign|the measured variances lie on their curves",
    ),
    "05: noise with the right variance that is not Gaussian": (
        "05",
        """
class Uniform(np.random.Generator):
    def standard_normal(self, size=None):
        return self.uniform(-3**0.5, 3**0.5, size)
rng = Uniform(np.random.PCG64(SEED))
""",
        "variance of the score function over pathwise variance|the measured variances lie on their curves",
    ),
    "05: a baseline that holds the sample's own value": (
        "05",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id == "5.2":
        return lambda f, log_q, rate: rate.mean() - (f + (f - f.mean(dim=0)).detach() * log_q).mean()
    return right_use(exercise_id, function)
""",
        "mean of the other samples: largest distance from the exact gradient",
    ),
    "05: a score-function loss without a baseline": (
        "05",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id == "5.2":
        return lambda f, log_q, rate: rate.mean() - (f + f.detach() * log_q).mean()
    return right_use(exercise_id, function)
""",
        "slow f: leave-one-out error over pathwise error|fast f, two samples: leave-one-out error",
    ),
    "05: four runs with one right sampler": (
        "05",
        """
FOUR_RUNS = dict.fromkeys(FOUR_RUNS, FOUR_SAMPLERS["B"])
""",
        "run 1: reported ELBO above the largest possible",
    ),
    "05: variances of a score that is not divided by the width of q": (
        "05",
        """
right_variances = experiment.variances
experiment.variances = lambda f, slope, sigma, eps: right_variances(f, slope, torch.ones_like(sigma), eps)
""",
        "parabola, narrow q|one run again, 300 steps",
    ),
    "05: an exact ELBO that forgets what the spread of q costs": (
        "05",
        """
class PPCA(PPCA):
    def elbo(self, x, mu, covariance):
        spread = (self.weight.T @ self.weight * covariance).sum(dim=(-2, -1))
        return super().elbo(x, mu, covariance) + spread / (2 * self.variance)
""",
        "run 1: exact ELBO far below",
    ),
    "06: the variance as the standard deviation, with the matching backward pass": (
        "06",
        """
class Reparameterise(numpy_vae.Reparameterise):
    def forward(self, mu, logvar, eps):
        self.noise = np.exp(logvar) * eps
        return mu + self.noise
    def backward(self, dz):
        return dz, dz * self.noise
numpy_vae.Reparameterise = Reparameterise
""",
        "the gradients are those of the package",
    ),
    "06: a backward pass with one factor too many": (
        "06",
        """
right_use = use
def use(number, function):
    found = right_use(number, function)
    return (lambda *given: tuple(1.001 * each for each in found(*given))) if number == "6.2" else found
class VAE(VAE):
    def backward(self):
        super().backward()
        self.gradients = {name: 1.001 * each for name, each in self.gradients.items()}
""",
        "central difference: smallest relative error",
    ),
    "06: a third program without a mistake": (
        "06",
        """
THREE_PROGRAMS["C"] = lambda x, eps, params: yours(x, eps, params)
""",
        "C: largest relative distance from the independent gradients",
    ),
    "06: Adam without the correction for its start": (
        "06",
        """
right_use = use
def use(number, function):
    found = right_use(number, function)
    return (lambda theta, g, m, v, t, rate: found(theta, g, m, v, 10**6, rate)) if number == "6.4" else found
""",
        "length of the first step",
    ),
    "06: C with the right sampler": (
        "06",
        """
by_hand.SamplerOfC = numpy_vae.Reparameterise
""",
        "C's sampler: rate by its own samples",
    ),
    "06: samples that are a tenth too wide": (
        "06",
        """
class Reparameterise(numpy_vae.Reparameterise):
    def forward(self, mu, logvar, eps):
        return super().forward(mu, logvar, eps * 1.1)
numpy_vae.Reparameterise = Reparameterise
""",
        "the right sampler: the same rate",
    ),
    "06: a distortion that clips its logits": (
        "06",
        """
right_use = use
def use(number, function):
    found = right_use(number, function)
    return (lambda x, logits: found(x, np.clip(logits, -30, 30))) if number == "6.1" else found
""",
        "your function at a logit of 100",
    ),
    "07: terms whose noise is scaled with the variance": (
        "07",
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "7.1":
        return found
    def with_variance(model, x, eps):
        sigma = (model.encoder(x - model.mean).chunk(2, dim=1)[1] / 2).exp()
        return found(model, x, sigma * eps)
    return with_variance
""",
        "largest relative difference of a gradient",
    ),
    "07: a loop that averages the means of the batches": (
        "07",
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "7.2":
        return found
    def unweighted(model, terms, x, optimizer, epochs, batch_size, generator):
        means = []
        def watching(*arguments):
            both = terms(*arguments)
            means.append([each.mean().item() for each in both])
            return both
        found(model, watching, x, optimizer, epochs, batch_size, generator)
        return np.array(means).reshape(epochs, -1, 2).mean(axis=1)
    return unweighted
""",
        "your loop and fit: largest difference in the table",
    ),
    "07: a loop that shuffles nothing": (
        "07",
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "7.2":
        return found
    def in_order(*arguments):
        shuffle, torch.randperm = torch.randperm, lambda n, generator: torch.arange(n)
        try:
            return found(*arguments)
        finally:
            torch.randperm = shuffle
    return in_order
""",
        "your loop and fit: largest difference in the table",
    ),
    "07: a β of A without the half": (
        "07",
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    return (lambda: (0.00025 * 784, 784.0, 1.0, 0.05)) if exercise_id == "7.3" else found
""",
        "rate with your β over the rate of the loss as written",
    ),
    "07: the rate counts a tenth when the model is judged": (
        "07",
        """
right_judged = in_pytorch.judged
def tenth(model, x):
    terms = right_judged(model, x)
    return terms | {"rate": terms["rate"] / 10, "loss": terms["distortion"] + terms["rate"] / 10}
in_pytorch.judged = tenth
""",
        "VAE of this page: −ELBO of a test image|the same minus NumPy, mean of three seeds",
    ),
    "04: samples with the variance as standard deviation": (
        "04",
        """
right_use = use
def use(exercise_id, function):
    estimator = right_use(exercise_id, function)
    if exercise_id != "4.1":
        return estimator
    return lambda x, log_likelihood, mu, logvar, eps: estimator(x, log_likelihood, mu, logvar, np.exp(logvar / 2) * eps)
""",
        "upper ends of A to E|the upper ends agree with log p(x)",
    ),
    "04: an ELBO that forgets what the spread of q costs": (
        "04",
        """
class PPCA(PPCA):
    def elbo(self, x, mu, covariance):
        spread = (self.weight.T @ self.weight * covariance).sum(dim=(-2, -1))
        return super().elbo(x, mu, covariance) + spread / (2 * self.variance)
""",
        "ELBO + KL is log p(x) for 500 random q's",
    ),
    "04: a rate without the variances": (
        "04",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id == "4.2":
        return lambda mu, logvar: 0.5 * (mu**2).sum(axis=1)
    return right_use(exercise_id, function)
""",
        "the rate is that of the package",
    ),
    "09: the variance of the decoder squared": (
        "09",
        """
right_gaussian = Gaussian
def Gaussian(variance):
    return right_gaussian(variance**2)
""",
        "the reconstructions are the same|the rates are the same",
    ),
    "09: an objective that forgets its beta": (
        "09",
        """
right_elbo = negative_elbo
def negative_elbo(model, x, generator, *, beta=1.0):
    return right_elbo(model, x, generator)
""",
        "the reconstructions are the same|the rates are the same",
    ),
    "10: active units by the mean of squares": (
        "10",
        """
def active_units(mu, *, threshold=0.01):
    return (mu**2).mean(dim=0) > threshold
""",
        "whisper, wide and shifted: none active",
    ),
    "10: a decoder that reads the pixel it predicts": (
        "10",
        """
class AutoregressiveVAE(AutoregressiveVAE):
    def log_prob(self, x, z):
        return self.likelihood.log_prob(x, self.decode(z) + (x - self.mean) @ self.before.tril().T)
""",
        "with z the two ELBOs are within",
    ),
    "11: free bits after the sum over the latents": (
        "11",
        """
def free_bits(threshold):
    def objective(model, x, generator):
        terms = negative_elbo(model, x, generator)
        return terms | {"loss": terms["distortion"] + terms["rate"].mean().clamp(min=threshold)}
    return objective
""",
        "free bits end with a rate of 1.9 to 2.3",
    ),
    "11: a mixture without the own term, called a lower bound": (
        "11",
        """
remedies.mutual_information_bounds = lambda *code, **noise: mutual_information_bounds(*code, **noise)[::-1]
""",
        "the lower bound stays below log 660",
    ),
    "12: −log K forgotten": (
        "12",
        """
right_bound = importance_weighted_bound
def importance_weighted_bound(model, x, draws, *, generator=None):
    return right_bound(model, x, draws, generator=generator) + math.log(draws)
""",
        "the gap is v/2K",
    ),
    "12: a bound from above that is averaged as the one from below": (
        "12",
        """
right_upper_bound = annealed_upper_bound
def annealed_upper_bound(log_likelihood, x, z, **options):
    options["chains"] = 1
    return annealed_lower_bound(log_likelihood, x, z.shape[1], **options)
""",
        "backward AIS above",
    ),
    "12: draws with the variance as standard deviation": (
        "12",
        """
def reparameterise(mu, logvar, *, generator=None, eps=None):
    noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype) if eps is None else eps
    return mu + logvar.exp() * noise
""",
        "approximation gap|amortisation gap",
    ),
    "12: nats per dimension called bits": (
        "12",
        """
def bits_per_dimension(nats, dimensions):
    return nats / dimensions
""",
        "bits per dimension",
    ),
    "13: a Fréchet distance that is not squared": (
        "13",
        """
right_distance = frechet_distance
def frechet_distance(a, b):
    return right_distance(a, b) ** 0.5
""",
        "autoencoder, one Gaussian: 12 to 45",
    ),
    "13: balls around the real rows for recall, too": (
        "13",
        """
right_scores = neighbour_scores
def neighbour_scores(real, generated, *, k=5):
    scores = right_scores(real, generated, k=k)
    return scores._replace(recall=scores.coverage)
""",
        "half, strays among the samples: recall above 0.85",
    ),
    "13: a memorisation test whose baseline is one half": (
        "13",
        """
right_memorisation = memorisation
def memorisation(generated, training, held_out):
    found = right_memorisation(generated, training, held_out)
    return found._replace(copied=2 * (found.share - 0.5))
""",
        "reconstructions: copied far below 0",
    ),
    "13: samples of the VAE without its noise": (
        "13",
        """
LearnedGaussian.draw = lambda self, output, generator=None: output
""",
        "grid: means alone are sharper",
    ),
    "18: the ELBO as a score, not its negative": (
        "18",
        """
right_terms = detection.elbo_terms
def flipped(model, x, samples, **options):
    terms = right_terms(model, x, samples, **options)
    return terms._replace(score=-terms.score)
detection.elbo_terms = flipped
""",
        "everyone finds the outside|VAE: smallest AUROC on anomalies in the middle",
    ),
    "18: a threshold that forgets the base rate": (
        "18",
        """
def use(exercise_id, function):
    def threshold(normal, anomalous, base_rate, miss, false_alarm):
        tried = np.unique(np.concatenate([normal, anomalous]))
        cost = [miss * (anomalous <= t).mean() + false_alarm * (normal > t).mean() for t in tried]
        return tried[np.argmin(cost)], min(cost)
    return threshold
""",
        "cost per payment",
    ),
    "18: the quantile of the wrong tail": (
        "18",
        """
detection.false_alarm_threshold = lambda scores, rate: np.quantile(scores, rate)
""",
        "the false-alarm rate is about what was asked for",
    ),
    "18: reasons that are the most usual columns": (
        "18",
        """
def use(exercise_id, function):
    return lambda own, normal, top: np.argsort((own - normal.mean(axis=0)) / normal.std(axis=0), axis=1)[:, :top]
""",
        "alarms for stolen cards whose first reason is an amount",
    ),
    "18: binary pixels by a threshold in place of samples": (
        "18",
        """
from vae_edu.likelihoods import Bernoulli
Bernoulli.observe = lambda self, x, *, generator=None: (x > 0.5).float()
""",
        "Bernoulli VAE: AUROC of digits as anomalies",
    ),
    "21: a multinomial likelihood without its coefficient": (
        "21",
        """
right_log_prob = multinomial_log_prob
def multinomial_log_prob(counts, logits):
    return (counts * logits.log_softmax(dim=1)).sum(dim=1)
""",
        "unigram model: perplexity of test messages|the likelihood is PyTorch's",
    ),
    "21: a product of experts in place of the mixture": (
        "21",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "21.1":
        return right_use(exercise_id, function)
    def product(counts, theta, weights):
        logits = theta @ weights
        log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return log_coefficient(counts) + (counts * log_p).sum(axis=1)
    return product
""",
        "LDA with 20 topics|the sweep has the same",
    ),
    "21: words to predict that were seen already": (
        "21",
        """
def split_words(counts, rng):
    return counts, counts
""",
        "LDA with 20 topics|the sweep has the same",
    ),
    "21: a lift that is no lift": (
        "21",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "21.2":
        return right_use(exercise_id, function)
    return lambda topics, frequencies, n: top_words(topics, n)
""",
        "by lift, a word of LDA is in far fewer messages",
    ),
    "21: a perplexity with the coefficient left in": (
        "21",
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "21.3":
        return right_use(exercise_id, function)
    return lambda elbo, counts: float(np.exp(-elbo.sum() / counts.sum()))
""",
        "ProdLDA: perplexity from the ELBO",
    ),
    "21: ProdLDA without batch normalisation": (
        "21",
        """
class ProdLDA(ProdLDA):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options | {"batch_norm": ()})
""",
        "ProdLDA: the same as in the sweep|both batch normalisations",
    ),
}


@pytest.mark.parametrize(("number", "plant", "sentences"), PLANTS.values(), ids=PLANTS)
def test_a_planted_mistake_makes_a_claim_fail(number, plant, sentences):
    """Only the statements run that the claims of its cell need. That all claims hold without the plant is what nbval's run says."""
    sentences = sentences.split("|")
    execution = execute(planted(number, plant, sentences), strict=False, threads=1)
    said = "\n".join(text_of(cell) for cell in execution.notebook.cells if cell.cell_type == "code")
    failed = re.findall(r"^(?:VerifyFailed: )?✗ (.*)", said, flags=re.MULTILINE)
    assert any(sentence in line for sentence in sentences for line in failed), execution.failure or said


def planted(number, plant, sentences):
    """A notebook's set-up, the plant, and what is needed to claim or verify one of the sentences."""
    notebook = read(notebook_path(number))
    targets = [index for sentence in sentences for index in saying(notebook, sentence)]
    assert targets, f"no cell of notebook {number} says {' or '.join(sentences)}"
    part = only_claims(notebook, *targets)
    place = next(index for index, cell in enumerate(part.cells) if "setup" in tags(cell))
    part.cells.insert(place + 1, new_code_cell(plant.strip()))
    return part
