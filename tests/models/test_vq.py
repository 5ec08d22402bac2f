"""The vector quantiser by hand, and a model so small that p(x) can be summed over all codes."""

import itertools
import math

import pytest
import torch

from vae_edu.models.vq import VQVAE, CodePrior, VectorQuantiser, code_cost, nearest, perplexity, vq_objective

DATA = 5


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small(**options) -> VQVAE:
    torch.manual_seed(0)
    sizes = {"places": 2, "codes": 3, "width": 2, "hidden": 6, "spread": 1.0}
    return VQVAE(DATA, mean=torch.full((DATA,), 0.4), **sizes | options)


def test_nearest_against_all_distances():
    e, codebook = torch.randn(50, 3, generator=seeded(0)), torch.randn(7, 3, generator=seeded(1))
    assert torch.equal(nearest(e, codebook), torch.cdist(e, codebook).argmin(dim=1))


def test_of_equally_close_codes_the_first_is_taken():
    assert nearest(torch.zeros(1, 1), torch.tensor([[2.0], [-1.0], [1.0]])).tolist() == [1]


def test_forward_value_and_straight_through_gradient():
    quantiser = VectorQuantiser(2, 2, spread=1.0).eval()
    quantiser.codebook.copy_(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    e = torch.tensor([[0.7, 0.4], [0.1, 2.0]], requires_grad=True)
    z, codes, squares = quantiser(e)
    assert codes.tolist() == [0, 1]
    torch.testing.assert_close(z, torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    torch.testing.assert_close(squares, torch.tensor([0.09 + 0.16, 0.01 + 1.0]))
    (z**2).sum().backward()  # d/dz = 2 z, at the codes, handed to e
    torch.testing.assert_close(e.grad, torch.tensor([[2.0, 0.0], [0.0, 6.0]]))


def test_the_commitment_pulls_e_to_its_code_and_nothing_else():
    quantiser = VectorQuantiser(2, 1, spread=1.0).eval()
    quantiser.codebook.copy_(torch.tensor([[1.0], [-1.0]]))
    e = torch.tensor([[0.4], [-3.0]], requires_grad=True)
    squares = quantiser(e)[2]
    squares.sum().backward()
    torch.testing.assert_close(e.grad, torch.tensor([[2 * (0.4 - 1)], [2 * (-3 + 1)]]))
    assert not list(quantiser.parameters())


def test_running_means_by_hand():
    quantiser = VectorQuantiser(3, 1, decay=0.75, spread=1.0).train()
    start = torch.tensor([[1.0], [-1.0], [50.0]])
    quantiser.codebook.copy_(start)
    quantiser.sums.copy_(start)
    quantiser(torch.tensor([[0.5], [0.9], [-2.0]]))
    # counts 1 → 0.75 + 0.25 n; sums s → 0.75 s + 0.25 Σ e
    expected = [[(0.75 * 1 + 0.25 * 1.4) / (0.75 + 0.25 * 2)], [(-0.75 + 0.25 * -2) / 1.0], [50.0]]
    torch.testing.assert_close(quantiser.codebook, torch.tensor(expected))
    for _ in range(200):
        quantiser(torch.tensor([[0.5], [0.9], [-2.0]]))
    torch.testing.assert_close(quantiser.codebook, torch.tensor([[0.7], [-2.0], [50.0]]))  # nobody chose the last


def test_nothing_moves_in_evaluation_mode_or_with_decay_one():
    e = torch.randn(9, 2, generator=seeded(2))
    for quantiser in (VectorQuantiser(3, 2, spread=1.0).eval(), VectorQuantiser(3, 2, spread=1.0, decay=1.0).train()):
        before = quantiser.codebook.clone()
        quantiser(e)
        torch.testing.assert_close(quantiser.codebook, before)


def test_the_codebook_starts_from_the_first_batch():
    torch.manual_seed(3)
    quantiser, e = VectorQuantiser(4, 2, decay=1.0).train(), 100 + torch.randn(9, 2, generator=seeded(4))
    quantiser(e)
    torch.testing.assert_close(torch.cdist(quantiser.codebook, e).min(dim=1).values, torch.zeros(4), atol=1e-4, rtol=0)
    before = quantiser.codebook.clone()
    quantiser(e - 200)
    torch.testing.assert_close(quantiser.codebook, before)


def test_spread_is_that_of_the_start():
    torch.manual_seed(5)
    assert VectorQuantiser(2000, 2, spread=0.1).codebook.std() == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize(
    ("codes", "size", "expected"),
    [([3, 3, 3], 8, 1.0), ([0, 1, 2, 3], 4, 4.0), ([0, 0, 1, 1], 9, 2.0), ([0, 0, 0, 1], 2, 4 / 3**0.75)],
)
def test_perplexity(codes, size, expected):
    assert perplexity(torch.tensor(codes), size) == pytest.approx(expected)


def test_a_batch_of_n_places_has_a_perplexity_of_at_most_n():
    codes = torch.arange(1000)
    assert perplexity(codes[:10], 1000) == pytest.approx(10)
    assert perplexity(codes, 1000) == pytest.approx(1000)


def test_shapes_and_that_codes_are_those_of_quantise():
    model, x = small().eval(), torch.rand(4, DATA)
    z, codes, squares = model.quantise(x)
    assert (z.shape, codes.shape, squares.shape) == ((4, 2, 2), (4, 2), (4,))
    assert torch.equal(model.codes_of(x), codes)
    torch.testing.assert_close(z, model.quantiser.codebook[codes])
    torch.testing.assert_close(model.picture(codes), model.decode(z).sigmoid())


def test_the_objective_by_hand():
    model, x = small().eval(), torch.rand(6, DATA).round()
    z, _, squares = model.quantise(x)
    terms = vq_objective(0.7)(model, x)
    torch.testing.assert_close(terms["distortion"], -model.log_prob(x, z))
    torch.testing.assert_close(terms["loss"], terms["distortion"] + 0.7 * squares)


def test_the_gradient_reaches_the_encoder_through_the_codes():
    model = small()
    vq_objective(0.0)(model, torch.rand(9, DATA), seeded(6))["loss"].mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def all_codes(codes: int, places: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product(range(codes), repeat=places)))


def stirred(prior: CodePrior) -> CodePrior:
    torch.manual_seed(7)
    for parameter in prior.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return prior


def test_the_prior_sums_to_one_over_all_codes():
    prior = stirred(CodePrior(3, 4, embedding=3, hidden=5)).double()
    assert prior.log_prob(all_codes(3, 4)).exp().sum().item() == pytest.approx(1)


def test_the_untrained_prior_is_uniform():
    cost = code_cost(CodePrior(32, 8), torch.randint(32, (5, 8), generator=seeded(8)))["loss"]
    torch.testing.assert_close(cost, torch.full((5,), 8 * math.log(32)))


def test_logits_depend_on_what_stands_before_alone():
    prior, codes = stirred(CodePrior(3, 4)), torch.randint(3, (1, 4), generator=seeded(9))
    before = prior(codes)
    for place in range(4):
        changed = codes.clone()
        changed[0, place] = (codes[0, place] + 1) % 3
        differs = (prior(changed) - before).abs().amax(dim=2)[0] > 1e-6
        assert differs.tolist() == [False] * (place + 1) + [True] * (3 - place)


def test_samples_follow_the_prior():
    prior, n = stirred(CodePrior(2, 3, embedding=3, hidden=5)), 20_000
    samples = prior.sample(n, generator=seeded(10))
    numbers = samples @ torch.tensor([4, 2, 1])
    p = prior.log_prob(all_codes(2, 3)).exp().detach()
    found = torch.bincount(numbers, minlength=8) / n
    assert ((found - p).abs() < 5 * (p * (1 - p) / n).sqrt() + 1e-4).all()


def test_distortion_and_code_cost_bound_log_p_of_x():
    model, prior, x = small().eval(), stirred(CodePrior(3, 2)), torch.rand(20, DATA, generator=seeded(11)).round()
    everything = all_codes(3, 2)
    log_prior = prior.log_prob(everything)
    z = model.quantiser.codebook[everything]
    joint = torch.stack([model.log_prob(row.expand(9, -1), z) + log_prior for row in x])
    exact = -joint.logsumexp(dim=1)
    bound = -model.log_prob(x, model.quantiser.codebook[model.codes_of(x)]) - prior.log_prob(model.codes_of(x))
    assert (bound >= exact).all()
    assert (bound - exact).max() > 0.1


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: VectorQuantiser(1, 2), "2 or more"),
        (lambda: VectorQuantiser(4, 2, decay=1.1), "from 0 to 1"),
        (lambda: perplexity(torch.empty(0, dtype=torch.long), 3), "no frequencies"),
        (lambda: perplexity(torch.tensor([3]), 3), "outside 0 … 2"),
        (lambda: vq_objective(-0.1), "0 or more"),
        (lambda: VQVAE(4, mean=torch.zeros(5)), "mean has shape"),
    ],
)
def test_errors(make, match):
    with pytest.raises(ValueError, match=match):
        make()
