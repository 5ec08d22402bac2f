"""Which learning rate is the best of each optimiser in notebook 06, on rows made up for the purpose."""

from vae_edu.experiments import by_hand, results

FIRST, SECOND, THIRD, LAST = by_hand.SETTINGS["learning_rates"]["Adam"]


def run(rate, seed, loss, epochs=48):
    curve = None if loss is None else [300.0, loss]
    return {"name": "Adam", "learning_rate": rate, "epochs": epochs, "seed": seed, "curve": curve}


def rates(rows, epochs=48):
    return {each["learning_rate"] for each in by_hand.best(rows, "Adam", epochs)}


def test_the_lowest_last_loss_wins():
    assert rates([run(FIRST, 0, 250), run(SECOND, 0, 240), run(THIRD, 0, 245), run(LAST, 0, 260)]) == {SECOND}


def test_more_seeds_of_one_rate_do_not_decide_the_choice():
    """The second rate wins on the seed that all rates have; its other seeds came out worse, and are returned with it."""
    rows = [run(FIRST, 0, 250), run(SECOND, 0, 240), run(THIRD, 0, 245), run(LAST, 0, 260)]
    rows += [run(SECOND, 1, 255), run(SECOND, 2, 255)]
    assert rates(rows) == {SECOND}
    assert [each["seed"] for each in by_hand.best(rows, "Adam", 48)] == [0, 1, 2]


def test_a_rate_that_overflows_at_the_other_budget_is_out():
    rows = [
        run(FIRST, 0, 250),
        run(SECOND, 0, 240),
        run(THIRD, 0, 245),
        run(LAST, 0, 260),
        run(SECOND, 0, None, epochs=12),
    ]
    assert rates(rows) == {THIRD}


def test_the_rates_run_again_are_the_best_of_the_first_seed():
    rows = results.load("06").rows
    first = [each for each in rows if each["epochs"] != by_hand.SETTINGS["long"] or each["seed"] == 0]
    for name, rate in by_hand.SETTINGS["long_again"].items():
        assert {each["learning_rate"] for each in by_hand.best(first, name, by_hand.SETTINGS["long"])} == {rate}
