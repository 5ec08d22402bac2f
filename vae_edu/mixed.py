"""The likelihood of rows of a table whose columns are of different kinds, some of whose entries are missing."""

import math
from collections.abc import Sequence
from numbers import Integral

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Mixed"]

KINDS = ("real", "binary", "count")
SMALLEST = 1e-4  # mean of a count, or probability of a level, that an untrained decoder starts from


class Mixed(nn.Module):
    """Rows whose columns are real numbers, yes or no, counts, or categories; missing entries (NaN) contribute nothing.

    kinds: for each column of the table "real", "binary", "count", or, for a category, the number of its levels. Given z, the
        columns are independent:

        - "real": N(mean, σ²), one σ² for each such column, a parameter that is learned by gradient and starts from 1. The
          decoder's output is the mean. Standardise such columns first.
        - "binary": 0 or 1, Bernoulli; the output is the logit.
        - "count": 0, 1, 2 …, Poisson; the output is the logarithm of the mean. Where counts are in the hundreds, their logarithm,
          standardised, as a "real" column is easier to learn.
        - K levels: K entries of x, of which the level's is 1 and the others are 0; the outputs are K logits.

    So ``data``, the number of entries of x, is that of the decoder's outputs: the likelihood fits every VAE of the course. ``expand``
    makes x from a table with one column for each category, and ``collapse`` is the way back. As ``mean`` the VAE gets
    ``x.nanmean(dim=0)``; its encoder sees that mean where an entry is missing.

    log p(x|z) = Σ over the columns that are not missing. Training on it maximises a lower bound on the log-likelihood of
    what was observed. That is valid if, given the observed entries of a row, which of its entries are missing does not
    depend on the missing values (missing at random).

    Raises ``ValueError`` for another kind, for fewer than two levels, and without columns.

    Source: Nazábal, Olmos, Ghahramani and Valera 2018, arXiv:1807.03653: the likelihoods of real numbers, counts and categories,
    and a bound on the likelihood of the observed entries alone; without their mixture prior, positive numbers and ordinals.
    """

    takes_missing = True

    def __init__(self, kinds: Sequence[str | int]):
        super().__init__()
        if not len(kinds):
            raise ValueError("kinds is empty; expected one for each column of the table")
        for column, kind in enumerate(kinds):
            is_levels = isinstance(kind, Integral) and not isinstance(kind, bool) and kind >= 2
            if not (is_levels or kind in KINDS):
                raise ValueError(
                    f"kinds[{column}] is {kind!r}; expected one of {', '.join(KINDS)}, or the number of levels, at least 2"
                )
        self.kinds = kinds = tuple(int(kind) if isinstance(kind, Integral) else kind for kind in kinds)
        widths = [kind if isinstance(kind, int) else 1 for kind in kinds]
        self.data = sum(widths)
        self._starts = starts = [sum(widths[:column]) for column in range(len(widths))]
        self._columns = {kind: [c for c, k in enumerate(kinds) if k == kind] for kind in KINDS}
        self._entries = {kind: [starts[c] for c in columns] for kind, columns in self._columns.items()}
        self._levels = {c: slice(starts[c], starts[c] + k) for c, k in enumerate(kinds) if isinstance(k, int)}
        self.logvar = nn.Parameter(torch.zeros(len(self._columns["real"])))

    def log_prob(self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """log p(x|z) in nats, summed over the columns; raises what ``column_log_prob`` raises."""
        return self.column_log_prob(x, output).sum(dim=1)

    def column_log_prob(
        self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]
    ) -> Float[Tensor, "batch columns"]:
        """log p of each column of the table in nats, 0 where it is missing; every constant is kept.

        Raises ``ValueError`` where x has another number of entries, or an entry that its kind does not have, and where
        output has not the shape of x.
        """
        known = self.known(x)
        if output.shape != x.shape:
            raise ValueError(f"output has shape {tuple(output.shape)}; expected {tuple(x.shape)}, that of x")
        # Any possible value takes the place of what is missing, in x and in the output: what the two give is left out
        # below, and without an overflow no NaN reaches the gradient.
        missing = x.isnan()
        x, output = x.masked_fill(missing, 0.0), output.masked_fill(missing, 0.0)
        self._require_possible(x, known)
        log_prob = output.new_zeros(known.shape)
        real, binary, count = (self._entries[kind] for kind in KINDS)
        error = (x[:, real] - output[:, real]) ** 2
        log_prob[:, self._columns["real"]] = -0.5 * (math.log(2 * math.pi) + self.logvar + error * (-self.logvar).exp())
        log_prob[:, self._columns["binary"]] = -functional.binary_cross_entropy_with_logits(
            output[:, binary], x[:, binary], reduction="none"
        )
        log_prob[:, self._columns["count"]] = (
            x[:, count] * output[:, count] - output[:, count].exp() - torch.lgamma(x[:, count] + 1)
        )
        for column, entries in self._levels.items():
            log_prob[:, column] = (x[:, entries] * output[:, entries].log_softmax(dim=1)).sum(dim=1)
        return log_prob.where(known, 0.0)

    def known(self, x: Float[Tensor, "batch data"]) -> Tensor:
        """(batch, columns): whether an entry is there.

        Raises ``ValueError`` where x has another number of entries, and where only some of a category's entries are missing.
        """
        if x.ndim != 2 or x.shape[1] != self.data:
            raise ValueError(f"x has shape {tuple(x.shape)}; expected (batch, {self.data})")
        missing = x.isnan()
        for column, entries in self._levels.items():
            if (missing[:, entries] != missing[:, entries.start : entries.start + 1]).any():
                raise ValueError(
                    f"column {column} is missing in part; expected all of its {self.kinds[column]} entries, or none"
                )
        return ~missing[:, self._starts]

    def mean(self, output: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z]: means, probabilities, and for each category the probabilities of its levels."""
        mean = output.clone()
        mean[:, self._entries["binary"]] = output[:, self._entries["binary"]].sigmoid()
        mean[:, self._entries["count"]] = output[:, self._entries["count"]].exp()
        for entries in self._levels.values():
            mean[:, entries] = output[:, entries].softmax(dim=1)
        return mean

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A sample of x from p(x|z); nothing is missing in it."""
        mean, x = self.mean(output), torch.empty_like(output)
        real, binary, count = (self._entries[kind] for kind in KINDS)
        noise = torch.randn(x[:, real].shape, generator=generator, dtype=x.dtype)
        x[:, real] = mean[:, real] + (0.5 * self.logvar).exp() * noise
        x[:, binary] = torch.bernoulli(mean[:, binary], generator=generator)
        x[:, count] = torch.poisson(mean[:, count], generator=generator)
        for entries in self._levels.values():
            level = torch.multinomial(mean[:, entries], 1, generator=generator)[:, 0]
            x[:, entries] = functional.one_hot(level, entries.stop - entries.start).to(x.dtype)
        return x

    def output_for(self, mean: Float[Tensor, " data"]) -> Float[Tensor, " data"]:
        """The output whose mean this is; what an untrained decoder starts from.

        To keep it finite, a binary column's mean is taken to be between 0.01 and 0.99, as ``Bernoulli`` does, and a count's
        mean and the probability of a level to be at least ``SMALLEST``.
        """
        output = mean.clone()
        output[self._entries["binary"]] = mean[self._entries["binary"]].clamp(0.01, 0.99).logit()
        output[self._entries["count"]] = mean[self._entries["count"]].clamp(min=SMALLEST).log()
        for entries in self._levels.values():
            output[entries] = mean[entries].clamp(min=SMALLEST).log()
        return output

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: the data as they are."""
        return x

    def expand(self, table: Float[Tensor, "rows columns"]) -> Float[Tensor, "rows data"]:
        """x, in which a category has an entry for each of its levels, from a table in which it is a level: 0, 1, 2 …

        Missing entries (NaN) stay missing. Raises ``ValueError`` for another number of columns, and for a number that is no level.
        """
        if table.ndim != 2 or table.shape[1] != len(self.kinds):
            raise ValueError(f"table has shape {tuple(table.shape)}; expected (rows, {len(self.kinds)})")
        parts = []
        for column, kind in enumerate(self.kinds):
            values = table[:, column : column + 1]
            if isinstance(kind, int):
                levels = torch.arange(kind, dtype=table.dtype, device=table.device)
                missing = values.isnan()
                one_hot = (values == levels).to(table.dtype)
                unknown = ~missing[:, 0] & (one_hot.sum(dim=1) != 1)
                if unknown.any():
                    raise ValueError(
                        f"column {column} holds {values[unknown][0].item():g}; expected a level, 0 to {kind - 1}"
                    )
                values = one_hot.masked_fill(missing, torch.nan)
            parts.append(values)
        return torch.cat(parts, dim=1)

    def collapse(self, x: Float[Tensor, "rows data"]) -> Float[Tensor, "rows columns"]:
        """The table, in which a category is the number of its likeliest level, from x, a mean, or a sample; NaN where x is."""
        known = self.known(x)
        table = x.new_full(known.shape, torch.nan)
        for kind in KINDS:
            table[:, self._columns[kind]] = x[:, self._entries[kind]]
        for column, entries in self._levels.items():
            table[:, column] = x[:, entries].argmax(dim=1).to(x.dtype)
        return table.where(known, torch.nan)

    def _require_possible(self, x: Tensor, known: Tensor) -> None:
        binary, count = x[:, self._entries["binary"]], x[:, self._entries["count"]]
        if ((binary != 0) & (binary != 1)).any():
            raise ValueError("x has entries in a binary column that are neither 0 nor 1")
        if ((count < 0) | (count != count.round())).any():
            raise ValueError("x has entries in a column of counts that are not non-negative integers")
        for column, entries in self._levels.items():
            one, levels = x[:, entries], known[:, column]
            if (((one != 0) & (one != 1)).any(dim=1) | ((one.sum(dim=1) != 1) & levels)).any():
                raise ValueError(f"x has entries of category {column} that are not one 1 and zeros")
