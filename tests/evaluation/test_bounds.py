"""The effective sample size: by hand, by its definition, and where definitions in plain arithmetic overflow."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_edu.evaluation.bounds import effective_sample_size

settings.register_profile("no deadline", deadline=None)  # the first call compiles; a slow machine is no error
settings.load_profile("no deadline")


def weights(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).log()


@pytest.mark.parametrize(
    ("log_weights", "size"),
    [
        (weights(1, 1, 1, 1), 4.0),
        (weights(5, 5), 2.0),
        (weights(1, 0, 0), 1.0),
        (weights(1, 2, 3), 36 / 14),
        (weights(7), 1.0),
    ],
)
def test_by_hand(log_weights, size):
    assert effective_sample_size(log_weights, 0).item() == pytest.approx(size)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_the_definition_along_either_dimension(dim):
    log_weights = 2 * torch.randn(5, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    w = log_weights.exp().numpy()
    expected = w.sum(axis=dim) ** 2 / (w**2).sum(axis=dim)
    assert effective_sample_size(log_weights, dim).numpy() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_a_common_factor_cancels_however_large(shift, dtype):
    log_weights = torch.tensor([0.0, 0.5, -2.0, 1.25], dtype=dtype)
    expected = effective_sample_size(log_weights, 0).item()
    assert effective_sample_size(log_weights + shift, 0).item() == pytest.approx(expected, rel=1e-3)


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=20))
def test_between_one_and_the_number_of_weights(log_weights):
    size = effective_sample_size(torch.tensor(log_weights, dtype=torch.float64), 0).item()
    assert 1 - 1e-9 <= size <= len(log_weights) * (1 + 1e-9)


def test_weights_that_are_all_zero_have_no_size():
    assert math.isnan(effective_sample_size(torch.full((3,), -math.inf), 0).item())


def test_no_weights_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 0\): there are no weights along dim 1"):
        effective_sample_size(torch.zeros(2, 0), 1)
