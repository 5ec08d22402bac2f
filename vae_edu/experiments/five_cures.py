"""Five trained models to be examined in exercise 11.4. Look at what is measured, not at this file.

``measured("A")`` returns five numbers; see the notebook.
"""

from vae_edu.experiments.results import load

# A row of the sweep of notebook 11, and which of its seeds.
_KINDS = {
    "A": ("δ-VAE", 2),
    "B": ("β < 1", 2),
    "C": ("batch norm", 0),
    "D": ("z of another name", 0),
    "E": ("β < 1, not kept", 0),
}
_COLUMNS = ("rate", "information", "use", "active")


def measured(letter: str) -> tuple[float, ...]:
    """Of one of the models, A to E, on the test names: NLL minus the mean NLL of the decoder without z, rate, lower bound on
    I(x; z), sensitivity (the rise of the distortion with the z of another name), all in nats; active units, of 16."""
    results = load("11")
    without_z = results.of("no z", "nlls").mean()
    name, seed = _KINDS[letter]
    nll = results.of(name, "nlls")[seed].mean()
    return (float(nll - without_z), *(float(results.of(name, column)[seed]) for column in _COLUMNS))
