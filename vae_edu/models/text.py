"""A VAE of short texts, with a decoder that reads what it has written so far."""

import math

import torch
from jaxtyping import Float, Int
from scipy.optimize import brentq
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.models.priors import StandardNormal

__all__ = ["BatchNormTextVAE", "ConditionalText", "DeltaTextVAE", "TextVAE"]


class TextVAE(nn.Module):
    """q(z|x) = N(mu(x), diag(exp(logvar(x)))), p(z) = N(0, I), p(x|z) = Π_t p(x_t|x_1 … x_{t−1}, z), over the symbols of a text.

    symbols: how many there are; 0 ends a text. latent: the number of entries of z. embedding, hidden: the widths of the
    symbols' embeddings and of both GRUs. word_dropout: in training mode, the share of the symbols that the decoder reads,
    not of those it has to write, that is replaced by a blank; the draw is from torch's global generator. blind: the decoder
    reads blanks only, in training mode and out of it, so that given z the symbols do not depend on each other.

    z is the start of the decoder's state and stands beside each symbol that it reads. Raises ``ValueError`` for a
    ``word_dropout`` outside [0, 1].

    Source: Bowman, Vilnis, Vinyals, Dai, Jozefowicz and Bengio 2016, arXiv:1511.06349, sections 3 and 3.1, with symbols
    for words and a GRU for the LSTM.
    """

    def __init__(
        self,
        symbols: int,
        latent: int,
        *,
        embedding: int = 32,
        hidden: int = 128,
        word_dropout: float = 0.0,
        blind: bool = False,
    ):
        super().__init__()
        if not 0 <= word_dropout <= 1:
            raise ValueError(f"word_dropout is {word_dropout}; expected a share, from 0 to 1")
        self.symbols, self.latent, self.word_dropout, self.blind = symbols, latent, word_dropout, blind
        self.prior = StandardNormal(latent)
        self.blank = symbols  # one more symbol, which the decoder reads and never writes
        self.read_embedding = nn.Embedding(symbols, embedding)
        self.reader = nn.GRU(embedding, hidden, batch_first=True)
        self.posterior = nn.Linear(hidden, 2 * latent)
        self.write_embedding = nn.Embedding(symbols + 1, embedding)
        self.start = nn.Linear(latent, hidden)
        self.writer = nn.GRU(embedding + latent, hidden, batch_first=True)
        self.logits = nn.Linear(hidden, symbols)

    def observe(self, x: Int[Tensor, "batch length"], *, generator: torch.Generator | None = None) -> Tensor:
        """What the likelihood is taken of: the text as it is."""
        return x

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Those of q(z|x)."""
        modules = (self.read_embedding, self.reader, self.posterior)
        return [parameter for module in modules for parameter in module.parameters()]

    def encode(
        self, x: Int[Tensor, "batch length"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x), from the reader's state at the first 0 of each row."""
        states, _ = self.reader(self.read_embedding(x))
        end = _lengths(x) - 1
        mu, logvar = self.posterior(states[torch.arange(len(x)), end]).chunk(2, dim=1)
        return mu, logvar

    def decoder_input(self, x: Int[Tensor, "batch length"]) -> Int[Tensor, "batch length"]:
        """What the decoder reads to write ``x``: at each place the symbol before, at the first 0, and in training mode the blank for
        ``word_dropout`` of the others."""
        read = functional.pad(x[:, :-1], (1, 0))  # a text is preceded by the symbol that ends one
        if self.training and self.word_dropout:
            dropped = torch.rand(read.shape) < self.word_dropout
            dropped[:, 0] = False
            read = read.masked_fill(dropped, self.blank)
        return read

    def log_prob(self, x: Int[Tensor, "batch length"], z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(x|z) = Σ_t log p(x_t|x_<t, z) in nats, up to and with the first 0 of each row; what follows does not count."""
        logits, _ = self._write(self.decoder_input(x), z, self._first_state(z))
        log_probs = -functional.cross_entropy(logits.transpose(1, 2), x, reduction="none")
        counts = torch.arange(x.shape[1]) < _lengths(x)[:, None]
        return (log_probs * counts).sum(dim=1)

    @torch.no_grad()
    def write(
        self, z: Float[Tensor, "batch latent"], length: int, *, generator: torch.Generator | None = None
    ) -> Int[Tensor, "batch length"]:
        """A text for each z, symbol by symbol, of at most ``length`` symbols with its 0: drawn from p(x_t|x_<t, z) with
        ``generator``, or, without one, the most probable symbol each time (greedy)."""
        symbol, state = torch.zeros(len(z), 1, dtype=torch.long), self._first_state(z)
        ended, text = torch.zeros(len(z), 1, dtype=torch.bool), []
        for _ in range(length - 1):
            logits, state = self._write(symbol, z, state)
            p = logits[:, 0].softmax(dim=1)
            greedy = generator is None
            symbol = p.argmax(dim=1, keepdim=True) if greedy else torch.multinomial(p, 1, generator=generator)
            symbol = symbol.masked_fill(ended, 0)
            ended |= symbol == 0
            text.append(symbol)
        return torch.cat([*text, torch.zeros_like(symbol)], dim=1)

    @torch.no_grad()
    def sample(self, n: int, length: int, *, generator: torch.Generator) -> Int[Tensor, "n length"]:
        """Texts drawn from p(x|z), for ``n`` draws of z from the prior N(0, I)."""
        return self.write(self.prior.sample(n, generator=generator), length, generator=generator)

    def _first_state(self, z: Tensor) -> Tensor:
        return self.start(z).tanh()[None]

    def _write(self, read: Tensor, z: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of the symbol after each one read, and the state after the last."""
        if self.blind:
            read = torch.full_like(read, self.blank)
        beside = z[:, None].expand(-1, read.shape[1], -1)
        states, state = self.writer(torch.cat([self.write_embedding(read), beside], dim=2), state)
        return self.logits(states), state


class DeltaTextVAE(TextVAE):
    """A ``TextVAE`` whose rate cannot be below ``committed_rate`` nats, for any text and any parameters.

    Each of the k latent dimensions has to pay its share δ/k, δ = ``committed_rate``, by its width alone: its log-variance is
    kept below the ceiling c < 0 with ½(e^c − 1 − c) = δ/k. The encoder's own output r becomes

        logvar = c − log(1 + e^(c − r)),     that is     e^(−logvar) = e^(−c) + e^(−r):

    near r where that is far below c, never above c, increasing in r, and with a gradient everywhere. The precisions add up,
    as if each q(z_j|x) were multiplied by a Gaussian of variance e^c. KL(N(mu, e^logvar) || N(0, 1)) falls in logvar
    below 0, so each dimension costs δ/k or more. Only the rate is committed: means that are the same for all texts satisfy it too.

    Raises ``ValueError`` for a ``committed_rate`` that is not positive.

    Source: Razavi, van den Oord, Poole and Vinyals 2019, arXiv:1901.03416, the independent case; their main model has a
    sequence of latents with an autoregressive prior instead, and there the committed rate comes from the prior.
    """

    def __init__(self, symbols: int, latent: int, *, committed_rate: float, **options):
        super().__init__(symbols, latent, **options)
        if not committed_rate > 0:
            raise ValueError(f"committed_rate is {committed_rate}; expected a positive number of nats")
        share = committed_rate / latent
        # ½(e^c − 1 − c) lies between −½(1 + c) and −½c for c < 0, so the root is above −2 share − 1.
        self.ceiling = brentq(lambda c: 0.5 * (math.expm1(c) - c) - share, -2 * share - 1, 0)

    def encode(
        self, x: Int[Tensor, "batch length"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x); the log-variance is below ``ceiling``."""
        mu, logvar = super().encode(x)
        return mu, self.ceiling - functional.softplus(self.ceiling - logvar)


class BatchNormTextVAE(TextVAE):
    """A ``TextVAE`` whose means mu have, over each training batch, the standard deviation ``gamma`` in every dimension.

    mu_j = gamma · (m_j − mean of m_j) / (standard deviation of m_j) + b_j, where m is the encoder's own output and b is learned:
    batch normalisation with a scale that is fixed. In evaluation mode the mean and the standard deviation are running ones.
    The mean rate of k latents is then at least k · gamma² / 2 nats over a training batch. As ½ · Var(mu_j) is part of the rate,
    what is committed is a variance of the means, which a decoder may still ignore.

    Raises ``ValueError`` for a ``gamma`` that is not positive.

    Source: Zhu, Bi, Liu, Ma, Li and Wu 2020, "A batch normalized inference network keeps the KL vanishing away",
    arXiv:2004.12585, section 3.
    """

    def __init__(self, symbols: int, latent: int, *, gamma: float, **options):
        super().__init__(symbols, latent, **options)
        if not gamma > 0:
            raise ValueError(f"gamma is {gamma}; expected a positive standard deviation")
        self.normalise = nn.BatchNorm1d(latent)
        nn.init.constant_(self.normalise.weight, gamma).requires_grad_(False)

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Those of q(z|x) that are learned."""
        return [*super().encoder_parameters(), self.normalise.bias]

    def encode(
        self, x: Int[Tensor, "batch length"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x); the means are normalised over the batch in training mode."""
        mu, logvar = super().encode(x)
        return self.normalise(mu), logvar


class ConditionalText(nn.Module):
    """p(x|c) = Π_t p(x_t|x_1 … x_{t−1}, e_c): the decoder of a ``TextVAE``, with a learned vector e_c for each of a few classes
    in place of z. With one class it is a language model, the control of a VAE without z.

    log_class: log p(c), (classes,). The other arguments are those of ``TextVAE``.
    """

    def __init__(self, symbols: int, latent: int, log_class: Float[Tensor, " classes"], **options):
        super().__init__()
        self.text = TextVAE(symbols, latent, **options)
        for parameter in self.text.encoder_parameters():  # there is nothing to encode
            parameter.requires_grad_(False)
        self.vectors = nn.Embedding(len(log_class), latent)
        nn.init.normal_(self.vectors.weight, std=0.1)  # of size 1, they would stand in the decoder's way
        self.register_buffer("log_class", log_class)

    def log_prob_given(self, x: Int[Tensor, "batch length"], c: Int[Tensor, " batch"]) -> Float[Tensor, " batch"]:
        """log p(x|c) of each text, in nats."""
        return self.text.log_prob(x, self.vectors(c))

    def log_joint(self, x: Int[Tensor, "batch length"]) -> Float[Tensor, "batch classes"]:
        """log p(x|c) + log p(c) for every class. Its softmax over the classes is p(c|x)."""
        every = [self.log_prob_given(x, torch.full((len(x),), c)) for c in range(len(self.log_class))]
        return torch.stack(every, dim=1) + self.log_class

    def log_prob(self, x: Int[Tensor, "batch length"]) -> Float[Tensor, " batch"]:
        """log p(x) = log Σ_c p(c) p(x|c), exactly, in nats."""
        return self.log_joint(x).logsumexp(dim=1)


def _lengths(x: Tensor) -> Tensor:
    """The number of symbols of each text, its first 0 with them. Raises ``ValueError`` where a row has no 0."""
    ends = x == 0
    if not ends.any(dim=1).all():
        raise ValueError(f"row {int((~ends.any(dim=1)).nonzero()[0])} of x has no 0, so its text does not end")
    return ends.int().argmax(dim=1) + 1
