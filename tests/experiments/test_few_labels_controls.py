"""The controls of notebook 19: encoders without a VAE, a classifier alone, and which test images are right."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from vae_edu.experiments import few_labels as sweep
from vae_edu.experiments import few_labels_controls as controls
from vae_edu.experiments.results import load


def fixed(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def few():
    return sweep.images("MNIST").x[:200]


def test_views_stay_images_and_differ(few):
    first, second = controls.views(few, fixed(0)), controls.views(few, fixed(1))
    assert first.shape == few.shape
    assert first.min() >= 0
    assert first.max() <= 1 + 1e-6
    assert (first - second).abs().mean() > 0.02


def test_a_view_of_size_nothing_is_the_image(few, monkeypatch):
    monkeypatch.setitem(controls.SETTINGS, "views", {"radians": 0.0, "shift": 0.0, "scale": 0.0})
    assert torch.allclose(controls.views(few, fixed()), few, atol=1e-5)


def test_a_view_is_shifted_across_as_far_as_down(few, monkeypatch):
    """A shift of two half sides takes the image out of the picture; one of 2/14 moves it by one pixel."""
    monkeypatch.setitem(controls.SETTINGS, "views", {"radians": 0.0, "shift": 2 / 14, "scale": 0.0})
    monkeypatch.setattr(torch, "rand", lambda n, generator: torch.ones(n))
    moved = controls.views(few, fixed()).view(-1, 14, 14)
    assert torch.allclose(moved[:, :-1, :-1], few.view(-1, 14, 14)[:, 1:, 1:], atol=1e-4)


def test_the_contrastive_loss_is_that_of_a_loop(few):
    model = controls.train(controls.contrastive, few, seed=0, steps=2)
    batch = few[:5]
    found = controls.contrastive(model, batch, fixed())["loss"]
    noise = fixed()
    z = torch.cat([model.encoder(controls.views(batch, noise) - model.mean) for _ in range(2)])
    losses = []
    for i in range(10):
        like = torch.stack([functional.cosine_similarity(z[i], z[k], dim=0) / 0.5 for k in range(10) if k != i])
        partner = functional.cosine_similarity(z[i], z[(i + 5) % 10], dim=0) / 0.5
        losses.append(torch.logsumexp(like, 0) - partner)
    assert torch.allclose(found, torch.stack(losses).view(2, 5).mean(dim=0), atol=1e-5)


def test_denoising_sees_half_of_the_pixels_and_restores_all(few):
    model = sweep.train_vae(few, steps=0, seed=0)
    seen = []
    right = model.encode
    model.encode = lambda x: seen.append(x) or right(x)
    loss = controls.denoising(model, few, fixed())["loss"]
    hidden = seen[0] == model.mean
    assert 0.45 < hidden[:, few.std(dim=0) > 0.1].double().mean() < 0.6
    assert torch.equal(seen[0][~hidden], few[~hidden])
    assert torch.allclose(loss, -model.log_prob(few, right(seen[0])[0]))


def test_encoders_start_from_the_weights_of_the_vae_and_are_trained(few, monkeypatch):
    begun = []
    monkeypatch.setattr(controls, "fit", lambda model, *_arguments, **options: begun.append((model, options)))
    for make in (controls.train_denoising, controls.train_contrastive):
        make(few, seed=3, steps=20)
    start = sweep.train_vae(few, steps=0, seed=3)
    for model, options in begun:
        assert torch.equal(model.encoder[0].weight, start.encoder[0].weight)
        assert options["epochs"] * len(few) == 20 * options["batch_size"]


def test_the_classifier_alone_takes_as_many_steps_as_m2(monkeypatch):
    own, steps = sweep.images("digits"), []
    monkeypatch.setattr(
        controls,
        "fit",
        lambda *arguments, epochs, batch_size, **_options: steps.append(
            epochs * -(-len(arguments[2][0]) // batch_size)
        ),
    )
    for count in sweep.M2["counts"]:
        controls.train_alone(own, sweep.label_sample(own.labels.numpy(), count, 0), seed=0)
    assert steps == [900, 900, 900]


def test_packed_and_unpacked():
    right = np.random.default_rng(0).random((2, 3, 37)) < 0.5
    texts = np.array([[controls.packed(each) for each in row] for row in right])
    assert (controls.unpacked(texts, 37) == right).all()
    assert (controls.unpacked(texts[0], 37) == right[0]).all()


def test_every_run_is_stored_once():
    rows = load("19-controls").rows
    assert [(row["name"], row["seed"]) for row in rows] == [(run["name"], run["seed"]) for run in controls.RUNS]


def test_stored_images_of_nearest_neighbours_are_made_again():
    own, stored = sweep.images("MNIST"), load("19-controls")
    labels, test_labels = own.labels.numpy(), own.test_labels.numpy()
    found = controls.unpacked(stored.of("MNIST", "pixels, nearest neighbours"), 1000)
    for place, count in enumerate(sweep.COUNTS[:2]):
        rows = sweep.label_sample(labels, count, 3)
        right = sweep.right_by_neighbours(own.x.numpy(), rows, labels, own.test_x.numpy(), test_labels)
        assert (found[3, place] != right).mean() < 0.006
        assert stored.of("MNIST", "pixels")[3, place] != stored.of("MNIST", "pixels")[2, place]
        accuracy = sweep.neighbours_accuracy(own.x.numpy(), rows, labels, own.test_x.numpy(), test_labels)
        assert right.mean() == pytest.approx(accuracy)
