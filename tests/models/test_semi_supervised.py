"""M2: its bound against enumeration of classes and a fine grid of z, its terms by hand, and that it learns."""

import math

import pytest
import torch
from torch.nn import functional

from vae_edu.exercises.ch19.m2_loss import m2_loss
from vae_edu.models.semi_supervised import UNLABELLED, SemiSupervisedVAE, semi_supervised
from vae_edu.training import fit

GRID = torch.linspace(-9, 9, 3601, dtype=torch.float64)[:, None]
STEP = 0.005


@pytest.fixture
def toy():
    """Four binary pixels, one latent, three classes, with weights that are not small."""
    torch.manual_seed(3)
    model = SemiSupervisedVAE(4, 1, 3, mean=torch.tensor([0.3, 0.5, 0.6, 0.2]), hidden=(5,)).double()
    with torch.no_grad():
        for each in model.parameters():
            each.copy_(torch.randn(each.shape, dtype=torch.float64))
    return model


def one_hot(model, c, n):
    return functional.one_hot(torch.full((n,), c), model.classes).double()


def on_the_grid(model, x):
    """For each class: the grid's log p(x, y, z) and log q(z|x, y), (grid,), of one image; and log q(y|x)."""
    seen = x.expand(len(GRID), -1)
    normal = -0.5 * (math.log(2 * math.pi) + GRID[:, 0] ** 2)
    joint, posterior = [], []
    for c in range(model.classes):
        y = one_hot(model, c, len(GRID))
        joint.append(model.log_prob(seen, GRID, y) + normal - math.log(model.classes))
        mu, logvar = model.encode(x[None], y[:1])
        posterior.append(-0.5 * (math.log(2 * math.pi) + logvar[0] + (GRID[:, 0] - mu[0]) ** 2 / logvar[0].exp()))
    return torch.stack(joint), torch.stack(posterior), model.classify(x[None]).log_softmax(dim=1)[0]


@torch.no_grad()
@pytest.mark.parametrize("pixels", [[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 1]])
def test_the_bound_is_log_p_minus_the_divergence_from_the_posterior_over_class_and_latent(toy, pixels):
    x = torch.tensor(pixels).double()
    joint, posterior, log_q_of_y = on_the_grid(toy, x)
    log_p = (joint.exp().sum() * STEP).log()
    together = posterior + log_q_of_y[:, None]  # log q(y, z|x)
    divergence = (together.exp() * (together - (joint - log_p))).sum() * STEP
    copies = 40_000
    batch = (x.expand(copies, -1), torch.full((copies,), UNLABELLED))
    found = semi_supervised(5.0)(toy, batch, torch.Generator().manual_seed(0))
    error = found["elbo"].std() / copies**0.5
    assert found["elbo"].mean() == pytest.approx((log_p - divergence).item(), abs=5 * error.item())
    assert divergence > 20 * error  # so that a lost entropy or a lost log p(y) would be seen
    entropy = -(log_q_of_y.exp() * log_q_of_y).sum()
    assert found["entropy"][0] == pytest.approx(entropy.item())
    assert entropy > 20 * error


@torch.no_grad()
def test_with_a_label_the_bound_is_on_log_p_of_image_and_label(toy):
    x = torch.tensor([1.0, 0.0, 1.0, 1.0]).double()
    joint, posterior, log_q_of_y = on_the_grid(toy, x)
    for label in range(3):
        exact = (posterior[label].exp() * (joint[label] - posterior[label])).sum() * STEP
        copies = 40_000
        batch = (x.expand(copies, -1), torch.full((copies,), label))
        found = semi_supervised(5.0)(toy, batch, torch.Generator().manual_seed(1))
        error = found["elbo"].std() / copies**0.5
        assert found["elbo"].mean() == pytest.approx(exact.item(), abs=5 * error.item())
        assert exact < (joint[label].exp().sum() * STEP).log()
        torch.testing.assert_close(found["loss"], -found["elbo"] - 5.0 * log_q_of_y[label])


def test_a_mixed_batch_keeps_its_order_and_agrees_with_the_exercise(toy):
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(0, 2, (6, 4), generator=rng).double()
    labels = torch.tensor([2, -1, 0, -1, 1, -1])
    eps = torch.randn(6, 3, 1, generator=rng, dtype=torch.float64)
    known = labels >= 0
    own = [eps[known, labels[known]], eps[~known].reshape(-1, 1)]  # in the order of the long batch
    expected = m2_loss(toy, x, labels, eps, 2.5)
    toy.negative_elbo = lambda seen, y, generator: SemiSupervisedVAE.negative_elbo(toy, seen, y, eps=torch.cat(own))
    terms = semi_supervised(2.5)(toy, (x, labels))
    torch.testing.assert_close(terms["loss"], expected)
    assert (terms["cross_entropy"][~known] == 0).all()


def test_the_whole_gradient_reaches_all_three_networks(toy):
    x = torch.ones(2, 4).double()
    for labels in ([-1, -1], [0, 2]):
        toy.zero_grad()
        semi_supervised(1.0)(toy, (x, torch.tensor(labels)))["loss"].mean().backward()
        assert all(each.grad.abs().sum() > 0 for each in toy.parameters())
    toy.zero_grad(set_to_none=True)
    semi_supervised(0.0)(toy, (x, torch.tensor([0, 2])))["elbo"].mean().backward()
    assert all(each.grad is None or (each.grad == 0).all() for each in toy.classifier.parameters())


@torch.no_grad()
def test_the_class_reaches_encoder_and_decoder_and_the_mean_is_subtracted(toy):
    x, z = torch.ones(1, 4).double(), torch.ones(1, 1).double()
    for part in (lambda y: torch.cat(toy.encode(x, y), dim=1), lambda y: toy.decode(z, y)):
        values = [part(one_hot(toy, c, 1)) for c in range(3)]
        assert min((values[a] - values[b]).abs().max() for a, b in ((0, 1), (0, 2), (1, 2))) > 0.01
    torch.testing.assert_close(toy.classify(toy.mean[None]), toy.classifier(torch.zeros(1, 4).double()))


def test_it_learns_two_kinds_of_images_from_one_label_each():
    torch.manual_seed(0)
    kinds = torch.randint(0, 2, (400,))
    x = torch.where(kinds[:, None] == 1, torch.tensor([0.9] * 6 + [0.1] * 6), torch.tensor([0.1] * 6 + [0.9] * 6))
    labels = torch.full((400,), UNLABELLED)
    for c in (0, 1):
        labels[(kinds == c).nonzero()[0]] = c
    model = SemiSupervisedVAE(12, 1, 2, mean=x.mean(dim=0), hidden=(16,))
    generator = torch.Generator().manual_seed(0)
    fit(model, semi_supervised(100.0), (x, labels), epochs=15, batch_size=40, learning_rate=1e-2, generator=generator)
    assert (model.classify(x).argmax(dim=1) == kinds).double().mean() > 0.97
    means = torch.stack([model.sample(torch.full((200,), c), generator=generator).mean(dim=0) for c in (0, 1)])
    assert means[1, :6].min() > means[0, :6].max()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: SemiSupervisedVAE(3, 1, 1, mean=torch.zeros(3)), "classes is 1"),
        (lambda: SemiSupervisedVAE(3, 1, 2, mean=torch.zeros(4)), r"mean has shape \(4,\)"),
        (lambda: semi_supervised(-1.0), "weight is -1.0"),
        (
            lambda: semi_supervised(1.0)(
                SemiSupervisedVAE(3, 1, 2, mean=torch.zeros(3)), (torch.zeros(1, 3), torch.tensor([2]))
            ),
            "labels holds numbers outside",
        ),
    ],
)
def test_errors(call, told):
    with pytest.raises(ValueError, match=told):
        call()
