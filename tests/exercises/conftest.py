"""Examiners that many tests share, so that what an exercise's mistakes do is found out once."""

import functools
import random

import numpy as np
import pytest
import torch

from vae_edu.exercises.engine import Examiner
from vae_edu.exercises.registry import find


@functools.lru_cache(maxsize=8)
def _examiner(exercise_id, seed):
    return Examiner(find(exercise_id), np.random.default_rng(seed))


@pytest.fixture
def examiner():
    """``examiner(exercise_id, seed)``: what ``judge`` would make of that seed. A function that draws from a global generator draws
    the same, whichever test calls it first."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    return _examiner
