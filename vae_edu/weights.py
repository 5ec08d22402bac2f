"""The parameters of a NumPy VAE in a safetensors file: no pickle, no code, and every bit comes back or the file is refused."""

import hashlib
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from vae_edu.files import replacing

__all__ = ["load", "save"]


def save(model, path):
    """Write mean and parameters of ``model``, a VAE of ``numpy_vae`` or ``numpy_fast``, to a new file at ``path``.

    Raises ``FileExistsError``: no file is ever overwritten. Should writing fail half-way, there is no file.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists already")
    arrays = arrays_of(model)
    with replacing(path) as temporary:
        save_file(arrays, temporary, {"likelihood": described(model.likelihood), "sha256": digest(arrays)})


def load(model, path):
    """Take everything from a file of ``save``, which may be of the other module's VAE.

    Raises ``ValueError`` when the file is damaged, or of a model with another architecture, likelihood or precision;
    ``model`` is then as it was.
    """
    with open(path, "rb"):  # a missing file is an OSError that names it
        pass
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # safetensors and NumPy raise their own, depending on what is damaged
        raise ValueError(f"{path} is not a readable safetensors file: {error}") from error
    arrays = arrays_of(model)
    came, expected = metadata.get("likelihood", "not there"), described(model.likelihood)
    if came != expected:
        raise ValueError(f"{path} does not fit this model: likelihood is {came}, expected {expected}")
    for name in sorted(stored.keys() | arrays.keys()):
        came, expected = (kind(group.get(name)) for group in (stored, arrays))
        if came != expected:
            raise ValueError(f"{path} does not fit this model: {name} is {came}, expected {expected}")
    if metadata.get("sha256") != digest(stored):
        raise ValueError(f"{path} is damaged: its values are not those that were saved")
    for name in arrays:
        if not np.isfinite(stored[name]).all():
            raise ValueError(f"{path} is damaged: {name} has values that are NaN or infinite")
    for name, array in arrays.items():
        array[...] = stored[name]


def arrays_of(model):
    return {"mean": model.mean, **model.parameters}


def described(likelihood):
    variance = getattr(likelihood, "variance", None)
    return type(likelihood).__name__ + ("" if variance is None else f" of variance {variance}")


def digest(arrays):
    """SHA-256 of all values, in the order of the names."""
    whole = hashlib.sha256()
    for name in sorted(arrays):
        whole.update(np.ascontiguousarray(arrays[name]).tobytes())
    return whole.hexdigest()


def kind(array):
    return "not there" if array is None else f"{array.dtype} {array.shape}"
