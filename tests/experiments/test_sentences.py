"""The sentences on trial: their stored numbers, and how verdicts on trials become one on a sentence."""

import math

import numpy as np
import pytest

from vae_edu.experiments import divergence, results
from vae_edu.experiments.sentences import BLOCKS, sentences
from vae_edu.experiments.trial_numbers import reached, trained
from vae_edu.experiments.trials import Sentence, Trial, counts_as, of_counts, outcome, overall, p_of_counts


def test_twenty_one_sentences_in_four_blocks():
    found = sentences()
    assert [each.block for each in found] == [block for block, count in BLOCKS.items() for _ in range(count)]
    assert len({each.text for each in found}) == 21


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
        (["holds", "holds"], "holds a; b", "1"),
        (["holds", "tie"], "holds a (else a tie)", "left out"),
        (["does not hold", "holds"], "holds only b", "0"),
        (["tie", "does not hold"], "does not hold", "0"),
        (["tie", "tie"], "undecided", "left out"),
    ],
)
def test_verdicts_on_trials_make_one_on_a_sentence(verdicts, told, scored):
    assert overall(verdicts, ["a", "b"]) == told
    assert counts_as(outcome(verdicts)) == scored
    assert outcome(verdicts) == pytest.approx(float(scored) if scored != "left out" else math.nan, nan_ok=True)


def test_counted_runs_are_those_that_are_0_or_1():
    for sentence in sentences():
        for trial in sentence.trials:
            assert trial.counted == (set(np.abs(trial.sides()).ravel()) <= {0.0, 1.0})


@pytest.mark.parametrize(("one", "other", "n"), [(2, 10, 10), (3, 7, 9), (4, 4, 5), (0, 1, 4), (6, 2, 8)])
def test_the_exact_test_counts_all_tables_with_the_same_sums(one, other, n):
    """The probability, given how many runs are 1 in all, of tables that are no more probable than this one."""

    def chance(k):
        return math.comb(n, k) * math.comb(n, one + other - k) / math.comb(2 * n, one + other)

    possible = range(max(0, one + other - n), min(n, one + other) + 1)
    p = sum(chance(k) for k in possible if chance(k) <= chance(one) * (1 + 1e-9))
    subject, control = (np.arange(n) < one).astype(float), (np.arange(n) < other).astype(float)
    assert p_of_counts(subject, control) == pytest.approx(p)
    assert p_of_counts(-subject, -control) == pytest.approx(p)
    decided = "holds" if one > other else "does not hold"
    assert of_counts(subject, control, p * 1.01) == (decided if one != other else of_counts(control, subject, p * 1.01))
    assert of_counts(-subject, -control, 0.99 * p) == "tie"


def test_a_verdict_on_counts_looks_at_the_direction():
    few, many = np.eye(1, 10)[0], np.ones(10)
    assert of_counts(many, few, 0.01) == of_counts(-few, -many, 0.01) == "holds"
    assert of_counts(few, many, 0.01) == "does not hold"


def test_states_that_an_agent_reached():
    rows = [row for row in results.load("23").rows if row["name"] == "true counts" and not row["television"]]
    assert reached("true counts").tolist() == [row["coverage"][-1] for row in rows]


@pytest.mark.parametrize("name", ["VAE", "autoencoder", "VAE, SiLU"])
@pytest.mark.parametrize("rate", [0.01, 0.03])
def test_runs_that_trained_are_counted_as_in_notebook_14(name, rate):
    rows = results.load("14").rows
    assert trained(name, rate).sum() == divergence.outcomes(rows, name, rate)[0]
    assert len(trained(name, rate)) == sum(divergence.outcomes(rows, name, rate))
