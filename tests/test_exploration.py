"""Exploration: codes, counts, the scores of a VAE, and a planner, against what is known of them."""

import itertools

import numpy as np
import pytest
import torch

from vae_edu.environments.grid import GridWorld
from vae_edu.exploration import (
    CodeCounts,
    ModelScore,
    Novelty,
    Planner,
    RandomNumbers,
    Recorder,
    TrueCounts,
    decayed,
    explore,
    pixels,
    sim_hash,
    small_vae,
)
from vae_edu.objectives import negative_elbo


def images(n, seed=0, shape=(4, 5)):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def test_codes_are_the_signs_of_projections():
    rng = np.random.default_rng(0)
    features, matrix, centre = rng.normal(size=(50, 6)), rng.normal(size=(6, 7)), rng.normal(size=6)
    codes = sim_hash(features, matrix, centre)
    for row, code in zip(features, codes, strict=True):
        bits = "".join("1" if (row - centre) @ column > 0 else "0" for column in matrix.T)
        assert code == int(bits[::-1], 2)
    with pytest.raises(ValueError, match="63 columns"):
        sim_hash(features, np.ones((6, 63)), centre)


def test_the_angle_decides_how_many_bits_agree():
    """P(one bit agrees) = 1 − angle/π (Charikar 2002)."""
    matrix = np.random.default_rng(0).normal(size=(2, 60))
    angle = np.pi / 5
    pair = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    agree = [
        60
        - bin(
            int(np.bitwise_xor(*sim_hash(pair, np.random.default_rng(seed).normal(size=matrix.shape), np.zeros(2))))
        ).count("1")
        for seed in range(200)
    ]
    assert np.mean(agree) / 60 == pytest.approx(1 - angle / np.pi, abs=5 * 0.4 / np.sqrt(200 * 60))


def test_the_bonus_of_counts_decays_with_the_root():
    assert decayed(np.array([0, 1, 4, 100])).tolist() == [1, 1, 0.5, 0.1]
    counts = TrueCounts()
    counts.see(images(5), np.array([3, 3, 7, 3, 3]))
    assert counts.bonus(images(3), np.array([3, 7, 9])).tolist() == [0.5, 1, 1]


def test_counts_of_codes_agree_with_counting_images():
    """With distinct images and many bits, an image has its code for itself."""
    own, order = images(6), np.array([0, 1, 2, 3, 4, 5, 0, 0, 1, 0])
    codes = CodeCounts(0, wait=6)
    codes.see(own[order[:6]], order[:6])
    codes.see(own[order[6:]], order[6:])
    assert codes.bonus(own, np.zeros(6, dtype=int)) == pytest.approx([1 / 2, 1 / np.sqrt(2), 1, 1, 1, 1])
    assert codes.bonus(images(1, seed=9), np.zeros(1, dtype=int)).tolist() == [1.0]


def test_nothing_is_paid_while_codes_wait():
    codes, score = CodeCounts(0, wait=6), ModelScore(0, wait=6)
    for each in (codes, score):
        each.see(images(5), np.zeros(5, dtype=int))
        assert each.bonus(images(2), np.zeros(2, dtype=int)).tolist() == [0, 0]


def test_images_are_counted_anew_after_training():
    codes = CodeCounts(0, epochs=2, wait=20, again=20)
    for part in np.split(images(40), 4):
        codes.see(part, np.zeros(10, dtype=int))
    before = [each.clone() for each in codes.vae.parameters()]
    assert sum(codes.counts.values()) == 40
    codes.see(images(20, seed=1), np.zeros(20, dtype=int))
    assert sum(codes.counts.values()) == 60
    assert any((a != b).any() for a, b in zip(before, codes.vae.parameters(), strict=True))
    fixed = CodeCounts(0, epochs=0, wait=20)
    fixed.see(images(20), np.zeros(20, dtype=int))
    untrained = small_vae(pixels(images(20)), 0, epochs=0)
    assert torch.equal(fixed.vae.encode(pixels(images(3)))[0], untrained.encode(pixels(images(3)))[0])


def test_the_score_is_in_units_of_the_first_images():
    own = images(40)
    score = ModelScore(0, epochs=1, wait=40)
    score.see(own, np.zeros(40, dtype=int))
    score.generator.manual_seed(5)
    bonus = score.bonus(own, np.zeros(40, dtype=int))
    values = negative_elbo(score.vae, pixels(own), torch.Generator().manual_seed(5))["loss"].detach().numpy()
    assert bonus == pytest.approx(np.clip((values - score.low) / score.unit, 0, None), abs=1e-5)
    assert 0.1 <= (bonus == 0).mean() <= 0.45  # about a quarter lies below the lower quartile


def test_an_image_is_scored_once_between_two_trainings():
    own, none = images(40), np.zeros(40, dtype=int)
    score = ModelScore(0, epochs=1, wait=40)
    score.see(own, none)
    first = score.bonus(own, none)
    assert np.array_equal(score.bonus(own[::-1], none), first[::-1])
    for _ in range(5):
        score.see(own, none)
    assert not np.array_equal(score.bonus(own, none), first)


def test_a_familiar_image_loses_its_score_and_noise_does_not():
    rng = np.random.default_rng(0)
    still = np.tile(images(1, shape=(6, 6)), (200, 1, 1))
    fresh = rng.integers(0, 256, (200, 6, 6), dtype=np.uint8)
    score = ModelScore(0, epochs=1, wait=40)
    score.see(np.zeros((40, 6, 6), np.uint8) + rng.integers(0, 2, (40, 6, 6), dtype=np.uint8), np.zeros(40, dtype=int))
    before = [score.score(pixels(each)).mean() for each in (still, fresh)]
    for part in zip(np.split(still, 10), np.split(fresh, 10), strict=True):
        score.see(np.concatenate(part), np.zeros(40, dtype=int))
        score.see(np.concatenate(part), np.zeros(40, dtype=int))
    after = [score.score(pixels(each)).mean() for each in (still, fresh)]
    constant = 36 * 0.5 * np.log(2 * np.pi * 0.05)
    assert after[0] < before[0]
    assert after[1] - constant > 36 / 12 / 0.1  # no less than what unpredictable noise costs: n · variance / (2 · 0.05)


def chain(length=5):
    """Moves 0 (back) and 1 (on) along a line; the last place ends with the reward 1."""
    planner = Planner(length, 2, gamma=0.9)
    for state in range(length - 1):
        planner.remember(state, 0, max(state - 1, 0), 0.0, False)
        planner.remember(state, 1, state + 1, float(state == length - 2), state == length - 2)
    return planner


def test_the_plan_for_a_reward_is_the_discounted_distance():
    planner = chain()
    planner.plan(np.zeros(5), sweeps=100)
    assert planner.q[:4, 1] == pytest.approx([0.9**3, 0.9**2, 0.9, 1.0])
    assert [planner.best(state, np.random.default_rng(0)) for state in range(4)] == [1] * 4


def test_the_plan_agrees_with_trying_all_ways():
    """The best sum over six moves, found by enumeration, against six sweeps from 0."""
    rng = np.random.default_rng(1)
    planner, bonus = chain(), rng.random(5)
    planner.plan(bonus, reward=2.0, sweeps=6)

    def worth(state, moves):
        total, factor = 0.0, 1.0
        for move in moves:
            new = planner.next[state, move] if planner.next[state, move] >= 0 else state
            total += factor * (2.0 * planner.reward[state, move] + bonus[new])
            if planner.ends[state, move]:
                break
            state, factor = new, factor * 0.9
        return total

    for state in range(5):
        assert planner.q[state].max() == pytest.approx(
            max(worth(state, m) for m in itertools.product((0, 1), repeat=6))
        )


def test_a_move_that_was_not_tried_is_taken_to_lead_nowhere():
    planner = Planner(2, 2, gamma=0.5)
    planner.remember(0, 0, 1, 0.0, False)
    planner.plan(np.array([1.0, 0.2]), sweeps=60)
    assert planner.q[0] == pytest.approx([0.2 + 0.5 * 0.4, 2.0])


def test_a_move_that_was_not_tried_gains_what_it_is_told_to():
    """R-max: 1 for each step for ever, and less for each step that lies between."""
    planner = chain()
    planner.next[3, 1], planner.ends[3, 1] = -1, False
    planner.plan(np.full(5, 0.2), sweeps=400, untried=1.0)
    assert planner.q[3, 1] == pytest.approx(1 / (1 - 0.9))
    assert planner.q[2, 1] == pytest.approx(0.2 + 0.9 / (1 - 0.9))
    assert planner.best(0, np.random.default_rng(0)) == 1


def test_the_same_seed_gives_the_same_trail_and_the_television_changes_nothing_for_the_blind():
    def trail(television, seed):
        world = GridWorld(television=television, limit=50)
        return explore(world, TrueCounts(), steps=400, rng=np.random.default_rng(seed), wait=200)

    one, again, on, other = trail(False, 0), trail(False, 0), trail(True, 0), trail(False, 1)
    for each in (again, on):
        assert np.array_equal(one.states, each.states)
    assert not np.array_equal(one.states, other.states)


def test_the_trail_is_what_the_world_says():
    recorder, world = Recorder(), GridWorld(television=True, limit=30)
    trail = explore(world, recorder, steps=120, rng=np.random.default_rng(0), wait=120)
    assert len(recorder.images) == 120
    pictures = {world.number(place): world.draw(place) for place in world.places()}
    for image, state, watching in zip(recorder.images, trail.states, trail.watching, strict=True):
        assert np.array_equal(image, pictures[state]) != watching
    assert np.flatnonzero(trail.ends).tolist() == [29, 59, 89, 119]
    assert trail.coverage()[-1] == len(set(trail.states.tolist()))
    assert trail.coverage()[:5].tolist() == [len(set(trail.states[: n + 1].tolist())) for n in range(5)]
    assert trail.first_goal() is None


def test_counts_reach_more_than_no_bonus():
    world, reached = GridWorld(limit=100), {}
    for name, novelty, untried in (
        ("none", Novelty(), None),
        ("R-max", Novelty(), 1.0),
        ("counts", TrueCounts(), None),
        ("numbers", RandomNumbers(np.random.default_rng(0)), None),
    ):
        rng = np.random.default_rng(3)
        reached[name] = explore(world, novelty, steps=3000, rng=rng, untried=untried).coverage()[-1]
    assert min(reached["counts"], reached["R-max"]) > 1.5 * max(reached["none"], reached["numbers"])


@pytest.mark.parametrize("options", [{"steps": 50}, {"wait": 90, "steps": 80}])
def test_steps_are_multiples_of_every(options):
    with pytest.raises(ValueError, match="multiples of every"):
        explore(GridWorld(), Novelty(), rng=np.random.default_rng(0), **options)
