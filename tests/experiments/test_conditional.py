"""The sweep of notebook 20 on few images: parts that share nothing, methods that do what they say, and what a row holds."""

import json

import numpy as np
import pytest
import torch

from vae_edu.experiments import conditional as sweep
from vae_edu.experiments.results import path_of


@pytest.fixture
def few(monkeypatch):
    """Few images, steps and samples, and models of each test's own."""
    parts = {name: (x[:400], labels[:400]) for name, (x, labels) in sweep.clothes().items()}
    monkeypatch.setattr(sweep, "clothes", lambda: parts)
    monkeypatch.setattr(sweep, "digits", lambda original=sweep.digits: tuple(part[:200] for part in original()))
    for name in ("judge", "leaking_model"):
        monkeypatch.setattr(sweep, name, getattr(sweep, name).__wrapped__)
    small = {"completion": {"epochs": 1, "draws": 2}, "clothes": {"steps": 8}, "classifier": {"steps": 6}}
    settings = {name: sweep.SETTINGS[name] | changed for name, changed in small.items()}
    monkeypatch.setattr(sweep, "SETTINGS", sweep.SETTINGS | settings | {"looks": 2, "samples": 100})


def test_no_image_is_in_two_parts():
    for parts in ([x for x, _ in sweep.clothes().values()], sweep.digits()):
        rows = [{row.tobytes() for row in part.numpy()} for part in parts]
        assert [len(part) for part in rows] == [len(part) for part in parts]
        assert len(set().union(*rows)) == sum(map(len, parts))


def test_hidden_and_known_pixels_make_the_image():
    for given in (1, 2, 3):
        hidden, known = sweep.quadrants(given)
        assert len(known) == 196 * given
        assert sorted([*hidden, *known]) == list(range(784))
    assert set(sweep.quadrants(2)[1] % 28) == set(range(14))


@pytest.mark.parametrize("n", [50, 500])
def test_a_label_sample_has_as_many_of_each_class_and_the_others_are_others(n):
    x, labels = sweep.label_sample(n, 3)
    assert torch.bincount(labels).tolist() == [n // 10] * 10
    others = {row.tobytes() for row in sweep._others(n, 3).numpy()}
    assert len(others) == n
    assert not others & {row.tobytes() for row in x.numpy()}
    assert torch.equal(x, sweep.label_sample(n, 3)[0])


def test_shifts_and_flips_move_whole_images():
    x = torch.zeros(300, 28, 28)
    x[:, 10, 5:9] = torch.tensor([1.0, 2, 3, 4])
    moved = sweep.shifted_and_flipped(x.reshape(300, 784), None, sweep.seeded(0)).reshape(300, 28, 28)
    assert moved.sum(dim=(1, 2)).tolist() == [10] * 300
    rows = moved.sum(dim=2).argmax(dim=1)
    assert sorted(set(rows.tolist())) == [8, 9, 10, 11, 12]
    mirrored = [row[row > 0].tolist() == [4, 3, 2, 1] for row in moved.sum(dim=1)]
    assert 0.4 < np.mean(mirrored) < 0.6
    first = moved.sum(dim=1).argmax(dim=1)  # of the brightest pixel: 8 ± 2, mirrored 19 ± 2
    assert set(first.tolist()) <= {6, 7, 8, 9, 10, 17, 18, 19, 20, 21}


def test_averages_are_of_one_class():
    labels = torch.arange(10).repeat(4)
    images = labels[:, None].float() + torch.rand(40, 784, generator=sweep.seeded(0)) / 10
    mixed = sweep.averages(images, labels)(images[:20], labels[:20], sweep.seeded(1))
    assert ((mixed >= labels[:20, None]) & (mixed <= labels[:20, None] + 0.1)).all()
    assert not torch.equal(mixed, images[:20])


def test_a_fraction_of_each_batch_is_replaced(few):
    x, labels = sweep.label_sample(50, 0)
    seen = []

    def augment(own, own_labels, generator):
        seen.append((len(own), own_labels))
        return own

    one = sweep.train_classifier(x, labels, 0, augment=augment, fraction=0.2)
    assert [count for count, _ in seen] == [20] * 6
    other = sweep.train_classifier(x, labels, 0)  # the same images in the same order, so the same classifier
    assert torch.equal(one.head.weight, other.head.weight)


def test_the_best_state_on_held_out_images_is_kept(few):
    x, labels = sweep.label_sample(50, 0)
    held_out, held_labels = sweep.clothes()["held_out"]
    torch.manual_seed(0)
    model = sweep.ConditionalVAE(784, 10, 4, mean=x.mean(dim=0))
    losses = []

    def objective(model, batch, generator):
        terms = sweep.conditional_negative_elbo(model, batch, generator)
        if not model.training:
            losses.append(terms["loss"].mean().item())
        return terms

    at = sweep.fit_best(
        model,
        objective,
        (x, sweep.classes(labels)),
        (held_out, sweep.classes(held_labels)),
        steps=40,
        seed=0,
        batch_size=50,
        learning_rate=0.02,
    )
    assert at in (20, 40)
    looked = list(losses)
    now = sweep.evaluate(model, objective, (held_out, sweep.classes(held_labels)), generator=sweep.seeded(1))["loss"]
    assert now == pytest.approx(min(looked), rel=1e-5)


def test_membership_is_found_where_it_must_be(few):
    x, labels = sweep.label_sample(50, 0)
    untrained = sweep.ConditionalVAE(784, 10, 8, mean=sweep.clothes()["test"][0].mean(dim=0)).eval()
    assert sweep.membership(untrained, x, labels) == pytest.approx(0.5, abs=0.12)
    model = sweep.ConditionalVAE(784, 10, 8, mean=x.mean(dim=0))
    data = (x, sweep.classes(labels))
    sweep.fit(
        model,
        sweep.conditional_negative_elbo,
        data,
        epochs=250,
        batch_size=50,
        learning_rate=3e-3,
        generator=sweep.seeded(0),
    )
    assert sweep.membership(model, x, labels) > 0.66


@pytest.mark.parametrize(
    "name", ["completion, 3 given", "samples, N(0, I)", "samples, one VAE for each class", "augmentation, 50"]
)
def test_a_row_has_the_columns_that_are_shipped_and_is_reproduced(name, few):
    one = sweep.row(name, 1)
    shipped = json.loads(path_of("20").read_text(encoding="utf-8"))["rows"]  # `load` would miss the changed settings
    assert one.keys() == next(row for row in shipped if row["name"] == name).keys()
    again = sweep.row(name, 1)
    one.pop("seconds")
    again.pop("seconds")
    assert one == again
    assert all(np.isfinite(value) for value in list(one.values())[2:])


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name is 'GAN'; expected one of"):
        sweep.row("GAN", 0)
