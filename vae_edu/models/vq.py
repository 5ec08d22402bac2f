"""VQ-VAE: an autoencoder whose code is a few entries of a codebook, and an autoregressive prior over these codes."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.likelihoods import Bernoulli
from vae_edu.models.vae import residual_network
from vae_edu.objectives import Objective, Terms

__all__ = ["VQVAE", "CodePrior", "VectorQuantiser", "code_cost", "nearest", "perplexity", "vq_objective"]


def nearest(e: Float[Tensor, "places width"], codebook: Float[Tensor, "codes width"]) -> Int[Tensor, " places"]:
    """The number of the closest row of ``codebook``, argmin_k ‖e − c_k‖², for each row of ``e``; the first of equally close ones.

    ‖e‖² is the same for all k, so ‖c_k‖² − 2 e·c_k is compared, and no array (places, codes, width) is in memory.
    """
    return ((codebook**2).sum(dim=1) - 2 * e @ codebook.T).argmin(dim=1)


def perplexity(codes: Int[Tensor, "*places"], size: int) -> float:
    """exp(H) with the entropy H = −Σ_k f_k log f_k of the frequencies f_k with which the ``size`` codes occur: between 1 (one code has all
    places) and ``size`` (all occur equally often).

    It says how many codes are active only for many places: n places have a perplexity of at most n. Raises ``ValueError`` for no places,
    and for codes outside 0 … size − 1.
    """
    if codes.numel() == 0:
        raise ValueError("codes is empty: there are no frequencies")
    if codes.min() < 0 or codes.max() >= size:
        raise ValueError(f"codes holds numbers outside 0 … {size - 1}")
    frequencies = torch.bincount(codes.flatten(), minlength=size).double() / codes.numel()
    return torch.special.entr(frequencies).sum().exp().item()


class VectorQuantiser(nn.Module):
    """Replaces each vector by the nearest of ``codes`` codebook vectors of ``width`` entries.

    Forward: z_q = c_k with k = argmin_j ‖e − c_j‖². Backward, straight-through: the gradient at z_q is handed to e as it is.

    The codebook is no parameter. In training mode, each call moves it towards the vectors that chose it, by running means with the factor
    ``decay``: of how many they are, N_k ← γ N_k + (1 − γ) n_k, and of their sum, m_k ← γ m_k + (1 − γ) Σ e; c_k = m_k / N_k. A code that
    no vector chooses keeps its place: both means shrink alike. With ``decay`` 1 the codebook stays as it began.

    spread: where it is a number, the codebook starts from N(0, spread² I). Where it is None, the first call in training mode takes the
    codebook from the vectors of its batch, chosen at random by torch's global generator. Raises ``ValueError`` for fewer than two codes and
    for a ``decay`` outside [0, 1].

    Source: van den Oord, Vinyals and Kavukcuoglu 2017, arXiv:1711.00937, section 3 and appendix A.1.
    """

    def __init__(self, codes: int, width: int, *, decay: float = 0.95, spread: float | None = None):
        super().__init__()
        if codes < 2:
            raise ValueError(f"codes is {codes}; expected 2 or more")
        if not 0 <= decay <= 1:
            raise ValueError(f"decay is {decay}; expected a number from 0 to 1")
        self.decay = decay
        self.register_buffer("codebook", (spread or 1.0) * torch.randn(codes, width))
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", self.codebook.clone())
        self.register_buffer("started", torch.tensor(spread is not None))

    def forward(
        self, e: Float[Tensor, "places width"]
    ) -> tuple[Float[Tensor, "places width"], Int[Tensor, " places"], Float[Tensor, " places"]]:
        """z_q with the straight-through gradient, the numbers k of the codes, and the squared distances ‖e − c_k‖², whose gradient
        pulls e to its code. In training mode the codebook is moved afterwards."""
        if self.training and not self.started:
            self._start(e.detach())
        codes = nearest(e.detach(), self.codebook)
        chosen = self.codebook[codes]
        if self.training:
            self._move(e.detach(), codes)
        return e + (chosen - e).detach(), codes, ((e - chosen) ** 2).sum(dim=1)

    def _start(self, e: Tensor) -> None:
        self.codebook.copy_(e[torch.randint(len(e), (len(self.codebook),))])
        self.sums.copy_(self.codebook)
        self.started.fill_(True)

    def _move(self, e: Tensor, codes: Tensor) -> None:
        members = functional.one_hot(codes, len(self.codebook)).to(e.dtype)  # (places, codes)
        self.counts.lerp_(members.sum(dim=0), 1 - self.decay)
        self.sums.lerp_(members.T @ e, 1 - self.decay)
        alive = self.counts > 1e-5  # below, m_k / N_k is a quotient of two roundings
        self.codebook[alive] = self.sums[alive] / self.counts[alive, None]


class VQVAE(nn.Module):
    """A VAE with a deterministic q: the code of an image is ``places`` entries of one codebook.

    data: the number of entries of x. mean: the mean of the training data, (data,). places, codes, width: how many vectors the encoder
    gives, how many the codebook has, and their length. hidden, blocks: of the residual networks, as in ``ResidualVAE``. decay, spread: as
    of ``VectorQuantiser``. likelihood: binary pixels where it is not given. Raises ``ValueError`` where ``mean`` has another size.

    Source: van den Oord, Vinyals and Kavukcuoglu 2017, arXiv:1711.00937, with residual networks; there the places are a grid of
    image patches.
    """

    def __init__(
        self,
        data: int,
        *,
        mean: Float[Tensor, " data"],
        places: int = 16,
        codes: int = 32,
        width: int = 8,
        hidden: int = 200,
        blocks: int = 1,
        decay: float = 0.95,
        spread: float | None = None,
        likelihood: nn.Module | None = None,
    ):
        super().__init__()
        if mean.shape != (data,):
            raise ValueError(f"mean has shape {tuple(mean.shape)}; expected ({data},)")
        self.places, self.codes, self.width = places, codes, width
        self.likelihood = likelihood or Bernoulli()
        self.register_buffer("mean", mean)
        self.encoder = residual_network(data, places * width, width=hidden, blocks=blocks)
        self.quantiser = VectorQuantiser(codes, width, decay=decay, spread=spread)
        self.decoder = residual_network(places * width, data, width=hidden, blocks=blocks)
        with torch.no_grad():
            self.decoder[-1].bias.copy_(self.likelihood.output_for(mean))

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: binary pixels sampled from grey ones, or the data as they are."""
        return self.likelihood.observe(x, generator=generator)

    def encode(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch places width"]:
        """The vectors e of all places, before they are quantised."""
        return self.encoder(x - self.mean).unflatten(1, (self.places, self.width))

    def quantise(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch places width"], Int[Tensor, "batch places"], Float[Tensor, " batch"]]:
        """z_q of all places with the straight-through gradient, their codes, and Σ ‖e − c_k‖² over the places."""
        e = self.encode(x)
        z, codes, squares = self.quantiser(e.flatten(0, 1))
        return z.view_as(e), codes.view(len(x), -1), squares.view(len(x), -1).sum(dim=1)

    def decode(self, z: Float[Tensor, "batch places width"]) -> Float[Tensor, "batch data"]:
        """The parameters of p(x|z), such as the logits of binary pixels."""
        return self.decoder(z.flatten(1))

    def log_prob(
        self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch places width"]
    ) -> Float[Tensor, " batch"]:
        """log p(x|z) in nats; ``x`` is what the likelihood is taken of."""
        return self.likelihood.log_prob(x, self.decode(z))

    @torch.no_grad()
    def codes_of(self, x: Float[Tensor, "batch data"]) -> Int[Tensor, "batch places"]:
        """The codes of each image. The codebook stays as it is."""
        return nearest(self.encode(x).flatten(0, 1), self.quantiser.codebook).view(len(x), -1)

    @torch.no_grad()
    def picture(self, codes: Int[Tensor, "batch places"]) -> Float[Tensor, "batch data"]:
        """E[x|z] for rows of codes."""
        return self.likelihood.mean(self.decode(self.quantiser.codebook[codes]))


def vq_objective(commitment: float = 0.25) -> Objective:
    """The objective −log p(x|z_q) + commitment · Σ ‖e − sg(c)‖² per example, the sum over the places.

    sg marks what has no gradient. The codebook follows by its running means, so there is no term for it. Beside the loss stand
    ``distortion`` = −log p(x|z_q) in nats, and ``squares`` = Σ ‖e − c‖². There is no rate: what the codes cost depends on the prior over
    them, which is learned later. Raises ``ValueError`` for a negative ``commitment``.

    Source: van den Oord, Vinyals and Kavukcuoglu 2017, arXiv:1711.00937, equation 3, with the codebook as in appendix A.1.
    """
    if commitment < 0:
        raise ValueError(f"commitment is {commitment}; expected 0 or more")

    def objective(model: VQVAE, x: Float[Tensor, "batch data"], generator: torch.Generator | None = None) -> Terms:
        observed = model.observe(x, generator=generator)
        z, _, squares = model.quantise(observed)
        distortion = -model.log_prob(observed, z)
        return {"loss": distortion + commitment * squares, "distortion": distortion, "squares": squares}

    return objective


class CodePrior(nn.Module):
    """p(k) = Π_i p(k_i|k_1 … k_{i−1}) over the codes of an image, in a fixed order of the places: a GRU that reads the code before.

    codes, places: how many codes there are, and how many an image has. embedding, hidden: the widths of the embeddings, of codes and of
    places, and of the GRU. The last layer starts at 0, so the untrained prior is uniform: log p = −places · log(codes).

    Source: the role of the PixelCNN in van den Oord, Vinyals and Kavukcuoglu 2017, arXiv:1711.00937, section 3.3.
    """

    def __init__(self, codes: int, places: int, *, embedding: int = 16, hidden: int = 64):
        super().__init__()
        self.places = places
        self.start = codes  # one more symbol, which stands before the first code
        self.embedding = nn.Embedding(codes + 1, embedding)
        self.place = nn.Parameter(torch.zeros(places, embedding))
        self.reader = nn.GRU(2 * embedding, hidden, batch_first=True)
        self.logits = nn.Linear(hidden, codes)
        nn.init.zeros_(self.logits.weight)
        nn.init.zeros_(self.logits.bias)

    def forward(self, codes: Int[Tensor, "batch places"]) -> Float[Tensor, "batch places codes"]:
        """The logits of p(k_i|k_<i) for all places i; they do not depend on k_i and what follows."""
        states, _ = self.reader(self._read(codes))
        return self.logits(states)

    def log_prob(self, codes: Int[Tensor, "batch places"]) -> Float[Tensor, " batch"]:
        """log p(k) in nats."""
        return -functional.cross_entropy(self(codes).transpose(1, 2), codes, reduction="none").sum(dim=1)

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Int[Tensor, "n places"]:
        """The codes of ``n`` images, sampled place by place."""
        codes = torch.full((n, self.places), self.start)
        state = torch.zeros(1, n, self.reader.hidden_size, dtype=self.place.dtype)
        for place in range(self.places):
            output, state = self.reader(self._read(codes)[:, place : place + 1], state)
            p = self.logits(output[:, 0]).softmax(dim=1)
            codes[:, place] = torch.multinomial(p, 1, generator=generator)[:, 0]
        return codes

    def _read(self, codes: Tensor) -> Tensor:
        """What the GRU reads at each place: the code before, and the place itself."""
        before = functional.pad(codes[:, :-1], (1, 0), value=self.start)
        return torch.cat([self.embedding(before), self.place.expand(len(codes), -1, -1)], dim=2)


def code_cost(prior: CodePrior, codes: Int[Tensor, "batch places"], generator: torch.Generator | None = None) -> Terms:
    """The objective that trains the prior: −log p(k) per image, in nats."""
    return {"loss": -prior.log_prob(codes)}
