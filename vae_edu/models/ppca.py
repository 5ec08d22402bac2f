"""Probabilistic PCA: a latent-variable model in which everything is known in closed form, in float64.

p(z) = N(0, I) and p(x|z) = N(W z + m, σ_x² I), so that p(x) = N(m, C) with C = W Wᵀ + σ_x² I (data × data). With
M = Wᵀ W + σ_x² I (latent × latent) the posterior is p(z|x) = N(M⁻¹ Wᵀ (x − m), σ_x² M⁻¹). Only systems of the size of
the latent space are ever solved.

Source: M. E. Tipping and C. M. Bishop 1999, "Probabilistic principal component analysis", Journal of the Royal
Statistical Society B 61(3), 611–622; equations are numbered as there.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["PPCA"]


class PPCA:
    """x = W z + m + σ_x ε with z ~ N(0, I) and ε ~ N(0, I). Every value is in nats, per example, in float64.

    weight: W, (data, latent). mean: m, (data,). variance: σ_x², a positive number.
    data, latent: the number of dimensions of x and of z.

    Input in single precision is converted. Raises ``ValueError`` for shapes that do not fit, for entries that are not
    finite, and for a variance that is not positive.
    """

    def __init__(self, weight: Float[Tensor, "data latent"], mean: Float[Tensor, " data"], variance: float):
        self.weight, self.mean, self.variance = weight.double(), mean.double(), float(variance)
        if self.weight.ndim != 2:
            raise ValueError(f"weight has shape {tuple(weight.shape)}, expected (data, latent)")
        self.data, self.latent = self.weight.shape
        if self.mean.shape != (self.data,):
            raise ValueError(f"mean has shape {tuple(mean.shape)}, but weight has {self.data} rows")
        if not (self.weight.isfinite().all() and self.mean.isfinite().all()):
            raise ValueError("weight or mean holds an entry that is not finite")
        if not 0 < self.variance < math.inf:
            raise ValueError(f"variance is {variance}, expected a positive, finite number")
        inner = self.weight.T @ self.weight + self.variance * self._identity()  # M
        self._inner, self._inner_factor = inner, torch.linalg.cholesky(inner)

    @classmethod
    def fit(cls, x: Float[Tensor, "batch data"], latent: int) -> PPCA:
        """The maximum-likelihood model of the rows of x, in closed form, with the free rotation R = I.

        m is the mean of x. With λ_1 ≥ λ_2 ≥ … the eigenvalues of the covariance of x (divided by n, not n − 1) and U the
        eigenvectors of the largest ``latent`` of them, σ_x² is the mean of the other eigenvalues (equation 8), and
        W = U (Λ − σ_x² I)^{1/2} (equation 7). Each column's largest entry is positive.

        Raises ``ValueError`` unless 1 ≤ latent < data, and when x has no variance left outside ``latent`` directions
        (as with latent + 1 rows or fewer): the likelihood then grows without bound.
        """
        x = x.double()
        if x.ndim != 2:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (batch, data)")
        if not x.isfinite().all():
            raise ValueError("x holds an entry that is not finite")
        rows, data = x.shape
        if not 1 <= latent < data:
            raise ValueError(f"latent is {latent}, expected from 1 to {data - 1}: x has {data} features per example")
        if rows < latent + 2:
            raise ValueError(f"x has {rows} rows, expected at least {latent + 2} for {latent} latent dimensions")
        mean = x.mean(dim=0)
        _, singular_values, directions = torch.linalg.svd(x - mean, full_matrices=False)
        eigenvalues = singular_values**2 / rows
        variance = eigenvalues[latent:].sum() / (data - latent)  # eigenvalues beyond the number of rows are 0
        if not variance > 1e-14 * eigenvalues[0]:
            raise ValueError(f"x has no variance outside {latent} directions: choose fewer latent dimensions")
        directions = directions[:latent].T
        largest = directions.gather(0, directions.abs().argmax(dim=0, keepdim=True))
        scales = (eigenvalues[:latent] - variance).clamp(min=0).sqrt()
        return cls(directions * largest.sign() * scales, mean, variance.item())

    def sample(
        self, n: int, *, generator: torch.Generator | None = None
    ) -> tuple[Float[Tensor, "n data"], Float[Tensor, "n latent"]]:
        """n draws of the model: x (n, data), and the latents z (n, latent) that they came from."""
        z = torch.randn(n, self.latent, generator=generator, dtype=torch.float64)
        eps = torch.randn(n, self.data, generator=generator, dtype=torch.float64)
        return z @ self.weight.T + self.mean + math.sqrt(self.variance) * eps, z

    def log_prob(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """The exact evidence, log p(x) = −1/2 (data log 2π + log|C| + (x − m)ᵀ C⁻¹ (x − m)).

        With mu the posterior mean, the quadratic form is |x − m − W mu|²/σ_x² + |mu|², and the determinant is
        log|C| = (data − latent) log σ_x² + log|M|: nothing of size data × data is made.
        """
        mu, _ = self.posterior(x)
        quadratic = self._squared_error(x, mu) / self.variance + (mu**2).sum(dim=1)
        inner_logdet = 2 * self._inner_factor.diagonal().log().sum()
        logdet = (self.data - self.latent) * math.log(self.variance) + inner_logdet
        return -0.5 * (self.data * math.log(2 * math.pi) + logdet + quadratic)

    def log_likelihood(
        self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, " batch"]:
        """log p(x|z) = −1/2 (data log(2π σ_x²) + |x − m − W z|²/σ_x²)."""
        self._require_latents("z", z)
        return -0.5 * (self._log_normaliser() + self._squared_error(x, z) / self.variance)

    def posterior(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "latent latent"]]:
        """p(z|x): its mean M⁻¹ Wᵀ (x − m), (batch, latent), and its covariance σ_x² M⁻¹, one for every x."""
        self._require_features(x)
        projected = (x.double() - self.mean) @ self.weight
        mu = torch.cholesky_solve(projected.T, self._inner_factor).T
        return mu, self.variance * torch.cholesky_inverse(self._inner_factor)

    def elbo(
        self,
        x: Float[Tensor, "batch data"],
        mu: Float[Tensor, "batch latent"],
        covariance: Float[Tensor, "size size"] | Float[Tensor, "batch size size"],
    ) -> Float[Tensor, " batch"]:
        """The exact ELBO of q(z|x) = N(mu, covariance), with no sampling: −distortion − rate.

        distortion = −E_q[log p(x|z)] = 1/2 (data log(2π σ_x²) + (|x − m − W mu|² + tr(W covariance Wᵀ))/σ_x²)
        rate = KL(q || p(z)) = 1/2 (tr covariance + |mu|² − latent − log|covariance|)

        ``covariance`` is one for the whole batch, (latent, latent), or one per example, (batch, latent, latent).
        Raises ``ValueError`` unless it is symmetric and positive definite.
        """
        self._require_latents("mu", mu)
        mu, covariance = mu.double(), covariance.double()
        one, each = (self.latent, self.latent), (len(mu), self.latent, self.latent)
        if covariance.shape not in (one, each):
            raise ValueError(f"covariance has shape {tuple(covariance.shape)}, expected {one} or {each}")
        factor, failed = torch.linalg.cholesky_ex(covariance)
        if failed.any() or not torch.allclose(covariance, covariance.mT, rtol=1e-6):
            raise ValueError("covariance is not symmetric and positive definite")
        spread = (self.weight.T @ self.weight * covariance).sum(dim=(-2, -1))  # tr(W covariance Wᵀ)
        logdet = 2 * factor.diagonal(dim1=-2, dim2=-1).log().sum(dim=-1)
        trace = covariance.diagonal(dim1=-2, dim2=-1).sum(dim=-1)
        distortion = 0.5 * (self._log_normaliser() + (self._squared_error(x, mu) + spread) / self.variance)
        rate = 0.5 * (trace + (mu**2).sum(dim=1) - self.latent - logdet)
        return -distortion - rate

    def best_diagonal(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """mu and logvar of the Gaussian with diagonal covariance that has the largest ELBO, each (batch, latent).

        mu is the posterior mean. The variances are 1 over the diagonal of the posterior *precision* M/σ_x², hence
        σ_x²/M_jj, which is at most the posterior variance (Bishop 2006, section 10.1.2).
        """
        mu, _ = self.posterior(x)
        logvar = math.log(self.variance) - self._inner.diagonal().log()
        return mu, logvar.expand_as(mu).clone()

    def _squared_error(self, x: Tensor, z: Tensor) -> Tensor:
        """|x − m − W z|², (batch,)."""
        self._require_features(x)
        if len(x) != len(z):
            raise ValueError(f"x has {len(x)} rows and the latents have {len(z)}: one latent for each example")
        return ((x.double() - self.mean - z.double() @ self.weight.T) ** 2).sum(dim=1)

    def _log_normaliser(self) -> float:
        """data log(2π σ_x²)."""
        return self.data * math.log(2 * math.pi * self.variance)

    def _identity(self) -> Tensor:
        return torch.eye(self.latent, dtype=torch.float64)

    def _require_features(self, x: Tensor) -> None:
        if x.ndim != 2 or x.shape[1] != self.data:
            raise ValueError(_unfit("x", x, "features", self.data))

    def _require_latents(self, name: str, z: Tensor) -> None:
        if z.ndim != 2 or z.shape[1] != self.latent:
            raise ValueError(_unfit(name, z, "latent dimensions", self.latent))


def _unfit(name: str, value: Tensor, what: str, expected: int) -> str:
    if value.ndim != 2:
        return f"{name} has shape {tuple(value.shape)}, expected (batch, {expected})"
    return f"{name} has {value.shape[1]} {what} per example, but this model was built for {expected}"
