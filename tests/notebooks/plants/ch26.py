"""Mistakes planted in notebook 26: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "verdicts without a correction": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    from scipy import stats
    right = find(exercise_id).answer
    def one_by_one(subjects, controls, level):
        return [right([s], [c], level)[0] for s, c in zip(subjects, controls)]
    return one_by_one if exercise_id == "26.1" else right
""",
        "repeats with a false verdict",
    ),
    "verdicts that do not look at the direction": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "26.1":
        return right
    return lambda *arguments: ["holds" if told != "tie" else told for told in right(*arguments)]
""",
        "realistic",
    ),
    "directions exchanged in all trials": (
        """
import dataclasses
on_trial = tuple(
    dataclasses.replace(
        text, trials=tuple(dataclasses.replace(each, larger_is_for=not each.larger_is_for) for each in text.trials)
    )
    for text in on_trial
)
""",
        "samples and real images told apart",
    ),
    "undecided sentences count as refuted": (
        """
right_outcome = outcome
def outcome(told):
    return np.nan_to_num(right_outcome(told), nan=0.0)
""",
        "sentences that one of their trials speaks against",
    ),
    "counted runs are judged at the whole level, in the wrong direction": (
        """
right_of_counts = of_counts
def of_counts(subject, control, level):
    return right_of_counts(control, subject, level)
""",
        "hard to train",
    ),
    "stored reports without the versions' names": (
        """
right_load = results.load
def shuffled(number, path=None):
    found = right_load(number, path)
    if number != "26-repairs":
        return found
    rows = [row | {"name": {"only 21": "only 23", "only 23": "only 21"}.get(row["name"], row["name"])} for row in found.rows]
    return results.Results(rows, found.made)
results.load = shuffled
""",
        "only the logarithm repaired",
    ),
    "a project whose estimate is right": (
        """
right_nll = digits_project.nll
digits_project.nll = lambda model, x: right_nll(model, x) + math.log(digits_project.SAMPLES)
""",
        "gain that the project reports",
    ),
    "a repair that leaves the distortion as it is": (
        """
right_repaired = project_repairs.repaired
project_repairs.repaired = lambda *numbers: right_repaired(*(each for each in numbers if each != 12))
""",
        "gain of the repaired VAE",
    ),
}
