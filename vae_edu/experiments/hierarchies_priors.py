"""Two controls for notebook 16: a mixture prior in place of the second layer, and one layer with the rate of the codes.

Everything else, and what a row holds, is as in ``hierarchies`` and, after four times the epochs, as in ``hierarchies_budget``.
"""

from __future__ import annotations

from functools import cache

from vae_edu.experiments import hierarchies, hierarchies_budget, likelihood_table, posteriors_and_priors_starts

__all__ = ["MODELS", "RUNS", "SETTINGS", "row"]

MIXTURE, AS_CODES = "one layer, mixture prior, warm-up", "one layer, β = 0.45"
# ``width`` gives the first as many parameters as the ladder has; its prior is as fast as it was best in notebook 15. ``beta`` gives the
# second about the rate of the codes.
MODELS: dict[str, dict] = {
    MIXTURE: {
        "kind": "one",
        "width": 220,
        "mixture": {"components": likelihood_table.OPTIONS["components"], "times": 16},
        "warm_up": 0.5,
    },
    AS_CODES: {"kind": "one", "beta": 0.45},
}
LONGER = f"48 epochs: {MIXTURE}"
SETTINGS = {
    "as in 16": hierarchies.SETTINGS,
    "as in 16-budget": hierarchies_budget.SETTINGS,
    "tried in 15-starts": posteriors_and_priors_starts.SETTINGS["times as fast"],
    "models": MODELS,
}
RUNS = [{"name": name, "seed": seed} for name in MODELS for seed in hierarchies.SETTINGS["seeds"]]
RUNS += [{"name": LONGER, "seed": 0}]


@cache
def _chosen(name: str) -> hierarchies.Choice:
    if name in MODELS:
        return hierarchies.chosen(MODELS[name], hierarchies.SETTINGS["rates"], extend=True)
    rates = [part * _chosen(MIXTURE).rate for part in hierarchies_budget.SETTINGS["parts"]]
    return hierarchies.chosen(MODELS[MIXTURE], rates, epochs=hierarchies_budget.SETTINGS["epochs"])


def row(name: str, seed: int) -> dict:
    """One row of the results, as those of ``hierarchies``. Raises ``KeyError`` for a name that there is not."""
    if name not in MODELS and name != LONGER:
        raise KeyError(f"there is no model {name!r}; there are {', '.join([*MODELS, LONGER])}")
    choice = _chosen(name)
    again = seed == hierarchies.SETTINGS["seeds"][0]
    trained = choice.best if again else hierarchies.train(MODELS[name], seed, rate=choice.rate)
    return hierarchies.measured(name, seed, choice, trained)
