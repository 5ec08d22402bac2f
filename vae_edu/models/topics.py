"""VAEs of documents as word counts: the neural variational document model, and a topic model with a product of experts."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import gaussian_kl_between, gaussian_log_prob, reparameterise
from vae_edu.likelihoods import Multinomial
from vae_edu.models.autoencoder import mlp
from vae_edu.models.vae import _VAE

__all__ = ["NVDM", "LogisticNormal", "ProdLDA"]


class _DocumentVAE(_VAE):
    """A VAE of word counts x: the encoder reads log(1 + x), and p(x|z) is multinomial."""

    def encode(
        self, x: Float[Tensor, "batch words"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x)."""
        mu, logvar = self.encoder(x.log1p()).chunk(2, dim=1)
        return mu, logvar


class NVDM(_DocumentVAE):
    """The neural variational document model: p(z) = N(0, I) and p(x|z) = Multinomial(N, softmax(R z + b)).

    words, latent: the number of entries of x and of z. frequencies: of the words in the training documents, shape
    ``(words,)``; the untrained decoder starts from them. hidden: the widths of the encoder's hidden layers; the decoder is
    linear, so that each latent dimension has one weight for each word. dropout: of the encoder's last hidden layer.

    The encoder reads log(1 + x), where the source reads x: a message of 5,000 words would drown the others.

    Source: Miao, Yu and Blunsom 2016, arXiv:1511.06038.
    """

    def __init__(
        self,
        words: int,
        latent: int,
        *,
        frequencies: Float[Tensor, " words"],
        hidden: tuple[int, ...] = (128,),
        dropout: float = 0.0,
    ):
        encoder = nn.Sequential(mlp(words, *hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden[-1], 2 * latent))
        decoder = nn.Sequential(nn.Linear(latent, words))
        super().__init__(encoder, decoder, latent, frequencies, Multinomial(), None)

    @property
    def topics(self) -> Float[Tensor, "latent words"]:
        """The decoder's weights of each latent dimension: by how much one unit of z_j raises the logit of each word."""
        return self.decoder[-1].weight.detach().T


class LogisticNormal(nn.Module):
    """p(z) = N(0, (1 − 1/K)/α · I): θ = softmax(z) is then nearly a sample of the symmetric Dirichlet distribution with
    concentration α over K = ``latent`` topics.

    It is the Laplace approximation of the Dirichlet in the softmax basis, with mean log α_k − (1/K) Σ_i log α_i and variance
    (1 − 2/K)/α_k + (1/K²) Σ_i 1/α_i, where all α_k are α. A small α asks for few topics in each document. Raises ``ValueError``
    for fewer than two topics, and for an α that is not positive.

    Source: Srivastava and Sutton 2017, arXiv:1703.01488.
    """

    def __init__(self, latent: int, concentration: float):
        super().__init__()
        if latent < 2:
            raise ValueError(f"latent is {latent}; expected two topics or more")
        if not concentration > 0:
            raise ValueError(f"concentration is {concentration}; expected a positive number")
        self.latent = latent
        self.register_buffer("logvar", torch.tensor((1 - 1 / latent) / concentration).log(), persistent=False)

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z) in nats."""
        return gaussian_log_prob(z, z.new_zeros(()), self.logvar)

    def rates(
        self, mu: Float[Tensor, "batch latent"], logvar: Float[Tensor, "batch latent"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch latent"]:
        """KL(q || p) of each latent dimension from q = N(mu, diag(exp(logvar))), in nats. Exact: it does not depend on ``z``."""
        one = [each[..., None] for each in (mu, logvar)]
        return gaussian_kl_between(*one, torch.zeros_like(one[0]), self.logvar.expand_as(one[0]))

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` draws of z."""
        zero = self.logvar.new_zeros(n, self.latent)
        return reparameterise(zero, self.logvar.expand_as(zero), generator=generator)


class ProdLDA(_DocumentVAE):
    """A topic model with a product of experts: θ = softmax(z), p(x|z) = Multinomial(N, softmax(B θ)), B without constraints.

    Each topic is a column of B, and the topics of a document multiply: p(word) ∝ Π_k exp(B_wk)^θ_k. In latent Dirichlet
    allocation they are averaged: p(word) = Σ_k θ_k p(word|topic k).

    words, topics: the number of entries of x and of z. frequencies: of the words in the training documents, shape
    ``(words,)``; the untrained decoder starts from them. concentration: of the Dirichlet that the prior approximates; 1 where
    none is given. hidden: the widths of the encoder's hidden layers. dropout: of the encoder's last hidden layer and of θ.
    batch_norm: what is normalised over the batch, with a learned offset and a scale that stays 1: "encoder" for mu and logvar,
    "decoder" for B θ. With "encoder", mu_k has variance 1 over a batch, so the rate cannot go to 0. In training mode a batch of
    one is refused by PyTorch, unless nothing is normalised. Raises ``ValueError`` for another word.

    Source: Srivastava and Sutton 2017, arXiv:1703.01488; offset without scale as in the authors' code.
    """

    def __init__(
        self,
        words: int,
        topics: int,
        *,
        frequencies: Float[Tensor, " words"],
        concentration: float = 1.0,
        hidden: tuple[int, ...] = (128,),
        dropout: float = 0.2,
        batch_norm: tuple[str, ...] = ("encoder", "decoder"),
    ):
        encoder = nn.Sequential(mlp(words, *hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden[-1], 2 * topics))
        if unknown := set(batch_norm) - {"encoder", "decoder"}:
            raise ValueError(f"batch_norm holds {unknown.pop()!r}; expected 'encoder', 'decoder', both or neither")
        in_decoder = "decoder" in batch_norm
        decoder = nn.Sequential(nn.Softmax(dim=1), nn.Dropout(dropout), nn.Linear(topics, words, bias=not in_decoder))
        if "encoder" in batch_norm:
            encoder.append(offset_batch_norm(2 * topics))
        if in_decoder:
            decoder.append(offset_batch_norm(words))
        super().__init__(encoder, decoder, topics, frequencies, Multinomial(), LogisticNormal(topics, concentration))

    @torch.no_grad()
    def proportions(self, x: Float[Tensor, "batch words"]) -> Float[Tensor, "batch topics"]:
        """θ = softmax(mu(x)) of each document."""
        return self.encode(x)[0].softmax(dim=1)

    @property
    def topics(self) -> Float[Tensor, "topics words"]:
        """The weight of each word in each topic: a row of Bᵀ, in units of a logit."""
        return self.decoder[2].weight.detach().T


def offset_batch_norm(features: int) -> nn.BatchNorm1d:
    """Batch normalisation with a learned offset and a scale that stays 1."""
    norm = nn.BatchNorm1d(features)
    norm.weight.requires_grad_(False)
    return norm
