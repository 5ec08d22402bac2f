"""The sentences on trial: their stored numbers, and how verdicts on trials become one on a sentence."""

import math

import numpy as np
import pytest

from vae_edu.experiments import divergence, results
from vae_edu.experiments.sentences import BLOCKS, Sentence, Trial, outcome, overall, sentences, trained


def test_twenty_sentences_in_four_blocks():
    found = sentences()
    assert [each.block for each in found] == [block for block in BLOCKS for _ in range(5)]
    assert len({each.text for each in found}) == 20


@pytest.mark.parametrize("sentence", sentences(), ids=lambda each: each.text)
def test_each_trial_has_pairs_and_a_notebook_that_stored_them(sentence):
    for trial in sentence.trials:
        subject, control = trial.sides()
        assert subject.shape == control.shape
        assert len(subject) >= 3
        assert np.isfinite([subject, control]).all()
        assert any(number.split("-")[0] == trial.notebook for number in results.SWEEPS)
    assert len({trial.against for trial in sentence.trials}) == len(sentence.trials)


def test_signs_make_the_larger_speak_for_the_sentence():
    def pair():
        return np.array([1.0, 2.0]), np.array([3.0, 5.0])

    assert [each.tolist() for each in Trial("a", "b", "02", pair).sides()] == [[1, 2], [3, 5]]
    assert [each.tolist() for each in Trial("a", "b", "02", pair, False).sides()] == [[-1, -2], [-3, -5]]
    assert isinstance(sentences()[0], Sentence)


@pytest.mark.parametrize(
    ("verdicts", "told", "scored"),
    [
        (["holds", "holds"], "holds", 1),
        (["holds", "tie"], "holds: a", math.nan),
        (["does not hold", "holds"], "holds: b", 0),
        (["tie", "does not hold"], "does not hold", 0),
        (["tie", "tie"], "undecided", math.nan),
    ],
)
def test_verdicts_on_trials_make_one_on_a_sentence(verdicts, told, scored):
    assert overall(verdicts, ["a", "b"]) == told
    assert outcome(verdicts) == pytest.approx(scored, nan_ok=True)


@pytest.mark.parametrize("name", ["VAE", "autoencoder", "VAE, SiLU"])
@pytest.mark.parametrize("rate", [0.01, 0.03])
def test_runs_that_trained_are_counted_as_in_notebook_14(name, rate):
    rows = results.load("14").rows
    assert trained(name, rate).sum() == divergence.outcomes(rows, name, rate)[0]
    assert len(trained(name, rate)) == sum(divergence.outcomes(rows, name, rate))
