"""Mistakes planted in notebook 22: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "pictures without the gauge of the position": (
        """
import vae_edu.experiments.world_models as the_module
right_draw = draw
def without_gauge(states):
    pictures = right_draw(states).copy()
    pictures[:, -2 * WIDTH :] = 0
    return pictures
the_module.draw = without_gauge
""",
        "R² of the position",
    ),
    "a memory that is never trained": (
        """
def train_memory(episodes, see, seed):
    import vae_edu.experiments.world_models as the_module
    _, untrained = the_module.train_memory(episodes, see, seed)
    return untrained, untrained
""",
        "planning with the trained M|in its dream",
    ),
    "a dream whose end never comes": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "22.3":
        return right
    return lambda *arguments: (right(*arguments)[0], arguments[5])
""",
        "sampled end: score in its dream",
    ),
    "a plan that likes the end": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    return right if exercise_id != "22.1" else lambda logits: -right(logits)
""",
        "planning with the trained M",
    ),
    "the scores in the dream and in reality exchanged": (
        """
def exchanged(row):
    return row | {"dream": row["score"], "score": row["dream"]} if "dream" in row else row
stored = results.Results([exchanged(row) for row in stored.rows], stored.made)
""",
        "thresholded end: score in the dream minus",
    ),
    "a control under the name of another": (
        """
other = {"z": "trained memory", "trained memory": "z"}
stored = results.Results([row | {"name": other.get(row["name"], row["name"])} for row in stored.rows], stored.made)
""",
        "trained M minus untrained M|z alone",
    ),
}
