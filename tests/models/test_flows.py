"""Flows: log-determinants against numerical Jacobians, inverses, structure, and fits to densities that are known."""

import math

import pytest
import torch
from torch import nn
from torch.autograd.functional import jacobian

from vae_edu.densities import gaussian_log_prob
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.likelihoods import Gaussian
from vae_edu.models.flows import CouplingFlow, FlowVAE, InverseAutoregressiveFlow, PlanarFlow, planar_step
from vae_edu.objectives import free_bits, importance_weighted, negative_elbo
from vae_edu.posteriors import FlowPosterior, posterior_of
from vae_edu.training import fit


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def scrambled(flow, seed=0, scale=0.3):
    """The flow in float64 with parameters far from where they begin."""
    generator = seeded(seed)
    with torch.no_grad():
        for each in flow.double().parameters():
            each.copy_(scale * torch.randn(each.shape, generator=generator, dtype=torch.float64))
    return flow


FLOWS = {
    "planar": lambda: scrambled(PlanarFlow(5, 3), scale=1.5),
    "IAF": lambda: scrambled(InverseAutoregressiveFlow(5, 3, hidden=16, context=4)),
    "IAF without context": lambda: scrambled(InverseAutoregressiveFlow(5, 2, hidden=16)),
    "coupling": lambda: scrambled(CouplingFlow(5, 4, hidden=16)),
    "coupling of two": lambda: scrambled(CouplingFlow(2, 3, hidden=16)),
}
INVERTIBLE = [name for name in FLOWS if name != "planar"]


def inputs(flow, rows=6, seed=1):
    generator = seeded(seed)
    z = 1.5 * torch.randn(rows, flow.latent, generator=generator, dtype=torch.float64)
    context = torch.randn(rows, flow.context, generator=generator, dtype=torch.float64) if flow.context else None
    return z, context


def row_of(context, i):
    return None if context is None else context[i : i + 1]


@pytest.mark.parametrize("name", FLOWS)
def test_the_log_determinant_is_that_of_the_numerical_jacobian(name):
    flow = FLOWS[name]()
    z, context = inputs(flow)
    _, log_det = flow(z, context)
    for i in range(len(z)):
        full = jacobian(lambda row, i=i: flow(row[None], row_of(context, i))[0][0], z[i])
        assert log_det[i].item() == pytest.approx(torch.linalg.slogdet(full).logabsdet.item(), abs=1e-9)


@pytest.mark.parametrize("name", FLOWS)
def test_each_row_is_carried_alone(name):
    flow = FLOWS[name]()
    z, context = inputs(flow)
    together, log_det = flow(z, context)
    for i in range(len(z)):
        alone, own = flow(z[i : i + 1], row_of(context, i))
        torch.testing.assert_close(alone[0], together[i])
        torch.testing.assert_close(own[0], log_det[i])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", INVERTIBLE)
def test_the_inverse_goes_back(name, dtype):
    flow = FLOWS[name]().to(dtype)
    z, context = (None if each is None else each.to(dtype) for each in inputs(flow))
    there, log_det = flow(z, context)
    back, back_log_det = flow.inverse(there, context) if flow.context else flow.inverse(there)
    tolerance = {torch.float32: 1e-5, torch.float64: 1e-12}[dtype]
    torch.testing.assert_close(back, z, rtol=0, atol=tolerance)
    torch.testing.assert_close(back_log_det, -log_det, rtol=tolerance, atol=10 * tolerance)


def test_a_planar_step_is_monotonic_along_w_whatever_u_is():
    w = torch.tensor([[1.0, -2.0]]).double()
    line = torch.linspace(-4, 4, 2001, dtype=torch.float64)[:, None] * w / w.norm()
    for u in ([-3.0, 4.0], [-0.2, 0.4], [5.0, 0.0], [0.0, 0.0]):
        numbers = (torch.tensor([u]).double(), w, torch.tensor([[0.3]]).double())
        z, log_det = planar_step(line, *(each.expand(len(line), -1) for each in numbers))
        assert ((z @ w.T).squeeze().diff() > 0).all()
        assert log_det.isfinite().all()


def test_a_planar_step_by_hand():
    """w = (1, 0), b = 0: the first latent alone decides; with wᵀu = a large, softplus(a) − 1 is a − 1."""
    z = torch.tensor([[0.7, -1.0]]).double()
    u, w = torch.tensor([[40.0, 2.0]]).double(), torch.tensor([[1.0, 0.0]]).double()
    moved, log_det = planar_step(z, u, w, torch.zeros(1, 1).double())
    expected = z + torch.tensor([[39.0, 2.0]]).double() * math.tanh(0.7)
    torch.testing.assert_close(moved, expected)
    assert log_det.item() == pytest.approx(math.log(1 + 39 * (1 - math.tanh(0.7) ** 2)))


def test_in_one_iaf_step_a_latent_depends_on_those_before_it_alone():
    flow = scrambled(InverseAutoregressiveFlow(6, 1, hidden=20))
    full = jacobian(lambda z: flow(z[None])[0][0], torch.randn(6, generator=seeded(2), dtype=torch.float64)).flip(0)
    assert torch.equal(full.triu(1), torch.zeros_like(full))
    assert (full.tril() != 0).sum() == 21  # and on all of them


def test_the_context_reaches_every_latent_but_opens_no_way_back():
    flow = scrambled(InverseAutoregressiveFlow(4, 1, hidden=20, context=2))
    z = torch.randn(1, 4, generator=seeded(3), dtype=torch.float64)
    by_context = jacobian(lambda c: flow(z, c[None])[0][0], torch.zeros(2, dtype=torch.float64))
    assert (by_context != 0).all()


def test_flows_begin_near_the_identity():
    u = torch.randn(200, 8, generator=seeded(4))
    torch.manual_seed(0)
    coupled, log_det = CouplingFlow(8, 4)(u)
    assert torch.equal(coupled, u)  # four reversals
    assert torch.equal(log_det, torch.zeros(200))
    still, log_det = PlanarFlow(8, 4)(u)
    torch.testing.assert_close(still, u, rtol=0, atol=1e-5)
    torch.testing.assert_close(log_det, torch.zeros(200), rtol=0, atol=1e-5)
    z, _ = InverseAutoregressiveFlow(8, 2)(u)
    assert torch.corrcoef(torch.stack([z.flatten(), u.flatten()]))[0, 1] > 0.95


def banana(z):
    """log p(z) of z_1 ~ N(0, 1), z_2 ~ N(z_1² − 1, 0.3²): a curved density that integrates to 1."""
    second = gaussian_log_prob(z[:, 1:], z[:, :1] ** 2 - 1, torch.tensor(2 * math.log(0.3)).to(z))
    return gaussian_log_prob(z[:, :1], torch.zeros(()).to(z), torch.zeros(()).to(z)) + second


def fitted(flow, steps=600):
    """KL(q || banana) in nats, after as many steps of Adam on it, with its standard error."""
    generator = seeded(5)
    optimiser = torch.optim.Adam(flow.parameters(), 0.02)

    def terms(n):
        u = torch.randn(n, 2, generator=generator)
        z, log_det = flow(u)
        return gaussian_log_prob(u, torch.zeros(()), torch.zeros(())) - log_det - banana(z)

    for _ in range(steps):
        optimiser.zero_grad()
        terms(256).mean().backward()
        optimiser.step()
    with torch.no_grad():
        final = terms(20_000)
    return final.mean().item(), final.std().item() / len(final) ** 0.5


def test_an_iaf_fits_a_density_that_a_gaussian_does_not():
    torch.manual_seed(0)
    gap, error = fitted(InverseAutoregressiveFlow(2, 4, hidden=32))
    assert -4 * error < gap < 0.06


def test_a_coupling_flow_fits_it_too():
    torch.manual_seed(0)
    gap, error = fitted(CouplingFlow(2, 4, hidden=32))
    assert -4 * error < gap < 0.06


def test_a_planar_flow_fits_a_skewed_density():
    """Of one latent: z = u + softplus-like bend. A planar step can match a logistic-shaped cumulative distribution closely."""
    torch.manual_seed(0)
    gap, error = fitted(PlanarFlow(2, 8), steps=1200)
    assert -4 * error < gap < 0.35  # the best Gaussian is left with 1.2


def small(flow, data=6, seed=0, **options):
    torch.manual_seed(seed)
    return FlowVAE(data, flow.latent, flow=flow, mean=torch.full((data,), 0.4), width=8, blocks=1, **options)


def test_a_vae_with_a_flow_is_trained_and_judged_like_any_other():
    model = small(PlanarFlow(3, 2))
    x = torch.rand(40, 6, generator=seeded(6))
    for objective in (negative_elbo, importance_weighted(3), free_bits(0.1)):
        before = [each.clone() for each in model.parameters()]
        history = fit(model, objective, x, epochs=1, generator=seeded(7), batch_size=20)
        assert set(history.rows[0]) >= {"loss", "elbo", "distortion", "rate"}
        assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert importance_weighted_bound(model, torch.bernoulli(x), 5, generator=seeded(8)).shape == (40,)
    assert model.reconstruct(x).shape == x.shape
    assert len(model.encoder_parameters()) == len(list(model.encoder.parameters())) + 1


def test_the_density_of_its_q_integrates_to_one_and_is_that_of_its_samples():
    """With an invertible flow, log q(z|x) of the samples equals the density found by going back."""
    model = small(InverseAutoregressiveFlow(2, 2, hidden=16, context=3)).double()
    scrambled(model.flow, scale=0.5)
    x = torch.rand(4, 6, generator=seeded(9), dtype=torch.float64)
    q = model.approximate_posterior(x)
    z, log_q = q.sample(generator=seeded(10))
    u, log_det = model.flow.inverse(z, q.context)
    torch.testing.assert_close(log_q(), gaussian_log_prob(u, q.mu, q.logvar) + log_det)
    axis = torch.linspace(-9, 9, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    one = FlowPosterior(q.flow, *(each[:1].expand(len(grid), -1) for each in (q.mu, q.logvar, q.context)))
    u, log_det = model.flow.inverse(grid, one.context)
    density = (gaussian_log_prob(u, one.mu, one.logvar) + log_det).exp().nan_to_num()  # NaN where u overflows, far out
    total = density.sum() * (axis[1] - axis[0]) ** 2
    assert total.item() == pytest.approx(1, abs=1e-3)


def test_repeated_posteriors_are_copies_one_below_the_other():
    model = small(PlanarFlow(3, 2))
    x = torch.rand(4, 6, generator=seeded(11))
    q = posterior_of(model, x)
    three = q.repeat(3)
    assert (len(q), len(three)) == (4, 12)
    z, log_q = three.sample(eps=torch.zeros(12, 3))
    alone, log_alone = q.sample(eps=torch.zeros(4, 3))
    torch.testing.assert_close(z, alone.repeat(3, 1))
    torch.testing.assert_close(log_q(), log_alone().repeat(3))


class Still(nn.Module):
    """The identity as a flow."""

    def __init__(self, latent):
        super().__init__()
        self.latent, self.context = latent, 0

    def forward(self, z, context):
        return z, z.new_zeros(len(z))


def test_with_the_identity_as_its_flow_it_is_a_plain_vae_in_everything_but_the_exact_rate():
    model = small(Still(2), likelihood=Gaussian(0.3)).double()
    x = torch.rand(5, 6, generator=seeded(12), dtype=torch.float64)
    eps = torch.randn(5, 2, generator=seeded(13), dtype=torch.float64)
    terms = negative_elbo(model, x, eps=eps)
    mu, logvar, _ = model.encode(x)
    z = mu + (logvar / 2).exp() * eps
    zero = torch.zeros((), dtype=torch.float64)
    torch.testing.assert_close(terms["rate"], gaussian_log_prob(z, mu, logvar) - gaussian_log_prob(z, zero, zero))
    torch.testing.assert_close(terms["distortion"], -model.log_prob(x, z))


def test_many_samples_reach_the_evidence_of_a_linear_model_through_any_flow():
    """x = W z + m + noise: log p(x) is that of a Gaussian, whatever q is."""
    model = small(InverseAutoregressiveFlow(2, 2, hidden=8, context=2), likelihood=Gaussian(0.5)).double()
    weight = torch.randn(6, 2, generator=seeded(14), dtype=torch.float64)
    model.decoder = nn.Sequential(nn.Linear(2, 6).double())
    with torch.no_grad():
        model.decoder[-1].weight.copy_(weight)
        model.decoder[-1].bias.zero_()
    x = torch.randn(20, 6, generator=seeded(15), dtype=torch.float64)
    covariance = weight @ weight.T + 0.5 * torch.eye(6)
    exact = torch.distributions.MultivariateNormal(torch.zeros(6).double(), covariance).log_prob(x)
    bound = importance_weighted_bound(model, x, 20_000, generator=seeded(16))
    assert (bound - exact).abs().mean() < 0.05


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PlanarFlow(2, 0), "steps is 0; expected 1 or more"),
        (lambda: InverseAutoregressiveFlow(2, 0), "steps is 0; expected 1 or more"),
        (lambda: CouplingFlow(1, 2), "steps is 2 and latent is 1"),
        (lambda: CouplingFlow(2, 0), "steps is 0 and latent is 2"),
        (lambda: FlowVAE(6, 3, flow=PlanarFlow(2, 1), mean=torch.zeros(6)), "flow has 2 latents; expected 3"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
