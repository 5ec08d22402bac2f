"""Wrong answers that agree with the right one but for an edge that the exercise's text names: none passes."""

import numpy as np
import pytest
import torch

from vae_edu.exercises.ch06.distortion import GUARDED
from vae_edu.exercises.engine import judge
from vae_edu.exercises.registry import find

HAVE_A_BATCH = ("12.1", "12.3", "13.2")
MAY_BE_NEGATIVE = ("9.3",)


def squeezed(output):
    return output.squeeze() if isinstance(output, np.ndarray | torch.Tensor) else output


def refused(exercise_id, function, seeds=range(3)):
    for seed in seeds:
        report = judge(find(exercise_id), function, np.random.default_rng(seed))
        assert report.status in ("failed", "error"), report


@pytest.mark.parametrize("exercise_id", HAVE_A_BATCH)
def test_a_final_squeeze(exercise_id):
    refused(exercise_id, lambda *arguments: squeezed(find(exercise_id).answer(*arguments)))


def each(function, output):
    return tuple(map(function, output)) if isinstance(output, tuple) else function(output)


@pytest.mark.parametrize("exercise_id", MAY_BE_NEGATIVE)
@pytest.mark.parametrize("change", [abs, lambda number: max(number, 0.0)], ids=["abs", "max"])
def test_no_negative_result(exercise_id, change):
    refused(exercise_id, lambda *arguments: each(change, find(exercise_id).answer(*arguments)))


def balls(x, y, k, *, strict=False, unique=False):
    def distances(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=2)

    def share(own, others):
        if unique:
            own = np.unique(own, axis=0)
        radii = np.sort(distances(own, own), axis=1)[:, k]
        far = distances(others, own)
        return ((far < radii) if strict else (far <= radii)).any(axis=1).mean()

    return share(x, y), share(y, x)


def test_the_edge_of_a_ball_left_out_and_duplicates_dropped():
    refused("13.1", lambda real, generated, k: balls(real, generated, k, strict=True))
    refused("13.1", lambda real, generated, k: balls(real, generated, k, unique=True))
    assert judge(find("13.1"), balls, np.random.default_rng(0)).passed


def test_a_last_batch_of_one_row_dropped():
    def dropping(model, terms, x, optimizer, epochs, batch_size, generator):
        model.train()
        history = []
        for _ in range(epochs):
            seen = []
            for rows in torch.randperm(len(x), generator=generator).split(batch_size):
                pixels = torch.bernoulli(x[rows], generator=generator)
                eps = torch.randn(len(rows), model.latent, generator=generator)
                if len(rows) > 1:
                    both = torch.stack(terms(model, pixels, eps))
                    optimizer.zero_grad()
                    both.sum(dim=0).mean().backward()
                    optimizer.step()
                    seen.append(both.detach())
            history.append(torch.cat(seen, dim=1).mean(dim=1))
        model.eval()
        return torch.stack(history)

    refused("7.2", dropping)


@pytest.mark.parametrize("guard", [1e-7, 3e-9, 1e-5])
def test_any_guard_has_its_name(guard):
    def guarded(x, logits):
        p = 1 / (1 + np.exp(-logits.clip(-700, 700)))
        return -(x * np.log(p + guard) + (1 - x) * np.log(1 - p + guard)).sum(axis=1)

    report = judge(find("6.1"), guarded, np.random.default_rng(0))
    assert report.mistake.startswith(GUARDED[:40])
