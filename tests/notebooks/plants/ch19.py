"""Mistakes planted in notebook 19: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "an M2 whose classification term never gets to the loss": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    own = find(exercise_id).answer
    return (lambda model, x, labels, eps, weight: own(model, x, labels, eps, 0.0)) if exercise_id == "19.2" else own
""",
        "M2 with the classification term: test accuracy",
    ),
    "labels that belong to other images": (
        """
right_hide = sweep.hide
sweep.hide = lambda labels, rows: right_hide(labels.roll(1), rows)
""",
        "M2 with the classification term: test accuracy",
    ),
    "a VAE that is not trained": (
        """
fit = lambda *_arguments, **_options: None
""",
        "VAE's hidden layer minus pixels|what is trained here agrees with what is stored",
    ),
    "the code where the hidden layer is meant": (
        """
sweep.hidden_layer = sweep.code
""",
        "what is trained here agrees with what is stored|code is a linear map of the hidden layer",
    ),
    "encoders of which two do as well as pixels": (
        """
in_all = in_sweep
in_sweep = lambda source, method: in_all(source, "pixels" if method[0] in "dc" else method)
""",
        "trained encoders' hidden layers win",
    ),
    "label samples of test size, not of 100": (
        """
right_sample = sweep.label_sample
sweep.label_sample = lambda labels, count, seed: right_sample(labels, 10 * count, seed)
""",
        "what is trained here agrees with what is stored",
    ),
    "a graph that joins the labels to other images": (
        """
class NearestNeighbors(NearestNeighbors):
    def kneighbors_graph(self):
        return super().kneighbors_graph()[::-1]
""",
        "MNIST, 20 labels: label spreading on pixels minus",
    ),
    "scores that stay where the labels are": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    own = find(exercise_id).answer
    return (lambda sums, labels, classes, alpha, steps: own(sums, labels, classes, alpha, 0)) if exercise_id == "19.1" else own
""",
        "MNIST, 20 labels: label spreading on pixels minus",
    ),
}
