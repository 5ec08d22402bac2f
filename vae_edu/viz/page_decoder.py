"""What a latent pad decodes with and says, in a form that runs in a notebook and, without a kernel, in a page.

``Decoder`` turns places into pictures, ``Nearest`` puts a place and its picture into words. Both are called like functions; their
``for_page`` is what pad_in_page.js reads: layers with weights in float16, and points in float32.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

__all__ = ["Decoder", "Nearest", "layers_for_page"]

# The activations that pad_in_page.js knows, with the settings that it needs of each.
ACTIVATIONS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.ELU: ("alpha",),
    nn.Hardtanh: ("min_val", "max_val"),
    nn.LeakyReLU: ("negative_slope",),
    nn.ReLU: (),
    nn.SiLU: (),
    nn.Sigmoid: (),
    nn.Softplus: ("beta", "threshold"),
    nn.Tanh: (),
}
NOTHING = (nn.Identity, nn.Dropout)  # what changes no value once a model is trained
CLOSE = 0.5 / 255  # to which weights in float16 have to leave the pictures as they are
FIELDS = ("z1", "z2", "distance", "class_name", "winner", "votes", "value", "verdict", "threshold")


class Decoder:
    """Pictures of places, and the standard deviations of their pixels, by layers that a page can run too.

    pictures: from latents to pixels with values in [0, 1]. spread: from latents to the pixels' standard deviations, or None where
        the decoder states none. Both are an ``nn.Sequential``, which may hold others, of ``nn.Linear`` and of the activations
        ``ACTIVATIONS``.
    at, moving: where there are more latents than two, the value of each, and the numbers of the two that a place replaces.

    Raises ``TypeError`` for a layer that a page cannot run, and ``ValueError`` where ``at`` does not have as many entries as the
    first layer has inputs.
    """

    def __init__(self, pictures: nn.Sequential, spread: nn.Sequential | None = None, *, at=None, moving=(0, 1)):
        self.pictures, self.spread = pictures, spread
        self.moving = [int(each) for each in moving]
        self.at = torch.zeros(2) if at is None else torch.as_tensor(at, dtype=torch.float32)
        for network in self._networks():
            first = next(_flat(network))
            if not isinstance(first, nn.Linear) or self.at.shape != (first.in_features,):
                raise ValueError(f"at has shape {tuple(self.at.shape)}, and the first layer is {first}")

    def _networks(self) -> list[nn.Sequential]:
        return [self.pictures] if self.spread is None else [self.pictures, self.spread]

    @torch.no_grad()
    def __call__(self, places) -> tuple[np.ndarray, np.ndarray | None]:
        z = self.at.repeat(len(places), 1)
        z[:, self.moving] = torch.as_tensor(np.asarray(places, dtype=np.float32))
        results = [network(z).numpy() for network in self._networks()]
        return results[0], None if self.spread is None else results[1]

    def for_page(self, reach: float) -> dict:
        """The layers, from a place to the values. Raises ``ValueError`` where weights in float16 change a pixel by more than
        half a grey level of 255, at places on a grid from −reach to reach."""
        names = ("pictures", "spread")
        layers = {name: self._moved(network) for name, network in zip(names, self._networks(), strict=False)}
        axis = np.linspace(-reach, reach, 21, dtype=np.float32)
        places = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        for name, right, scale in zip(names, self(places), (1, 2), strict=True):
            if right is not None:
                off = scale * np.abs(_run(layers[name], places) - right).max()
                if not off <= CLOSE:
                    raise ValueError(
                        f"with weights in float16, {name} are off by {off:.2g}; at most {CLOSE:.2g} is right"
                    )
        return {name: [_written(layer) for layer in own] for name, own in layers.items()}

    def _moved(self, network: nn.Sequential) -> list[dict]:
        """The layers, the first with the latents that stay as part of its bias."""
        first, *others = list(_layers(network))
        fixed = self.at.double().numpy().copy()
        fixed[self.moving] = 0
        whole = next(_flat(network)).weight.detach().double().numpy()
        bias = first["bias"].astype(float) + whole @ fixed
        return [{**first, "in": 2, "weight": first["weight"][:, self.moving], "bias": bias.astype(np.float32)}, *others]


class Nearest:
    """Words on a place and its picture: which of some points is nearest, how far off, and of which class.

    text: what to say, with fields in braces as in ``str.format``; a number may have a number of decimals, as in ``{distance:.2f}``.
        ``z1`` and ``z2`` are the place; ``distance``, ``class_name`` and ``value`` belong to the nearest point; ``winner`` is the
        class of most of the nearest points and ``votes`` are its; ``verdict`` is one of ``verdicts``.
    points: (n, d); d is 2, or what ``features`` has.
    features: layers, as of a ``Decoder``, from a picture to what is compared with the points; where it is None, that is the place.
    labels, class_names: the class of each point, and the classes' names. voters: of how many points the winner is told.
    values: a number for each point.
    threshold, verdicts: the first verdict is said up to this distance, the second beyond.

    Raises ``TypeError`` for a layer that a page cannot run, and ``ValueError`` for a text that it cannot write.
    """

    def __init__(
        self,
        text: str,
        points,
        *,
        features: nn.Sequential | None = None,
        labels=None,
        class_names: Sequence[str] = (),
        voters: int = 1,
        values=None,
        threshold: float = 0.0,
        verdicts: tuple[str, str] = ("", ""),
    ):
        for _, name, form, conversion in string.Formatter().parse(text):
            if name is not None and (name not in FIELDS or conversion or not re.fullmatch(r"(\.\d+f)?", form)):
                raise ValueError(
                    f"text has the field {name!r} with {form!r}; expected one of {FIELDS}, plain or as :.2f"
                )
        self.text, self.features = text, features
        self.points = np.asarray(points, dtype=np.float32)
        n = len(self.points)
        self.labels = np.zeros(n, dtype=np.uint8) if labels is None else np.asarray(labels).astype(np.uint8)
        self.class_names = list(class_names) or [""]
        self.values = np.zeros(n, dtype=np.float32) if values is None else np.asarray(values, dtype=np.float32)
        if self.labels.shape != (n,) or self.values.shape != (n,) or not 1 <= voters <= n:
            raise ValueError(
                f"{n} points, labels of shape {self.labels.shape}, values of shape {self.values.shape} and {voters} voters"
            )
        self.voters, self.threshold, self.verdicts = voters, float(threshold), tuple(verdicts)
        if features is not None:
            list(_layers(features))

    def __call__(self, place: np.ndarray, picture: np.ndarray) -> str:
        asked = np.asarray(place, dtype=np.float32)
        if self.features is not None:
            with torch.no_grad():
                asked = self.features(torch.as_tensor(np.asarray(picture, dtype=np.float32))[None])[0].numpy()
        distances = np.sqrt(((self.points.astype(float) - asked) ** 2).sum(axis=1))
        near = np.argsort(distances, kind="stable")[: self.voters]
        votes = np.bincount(self.labels[near], minlength=len(self.class_names))
        distance = float(distances[near[0]])
        return self.text.format(
            z1=float(np.float32(place[0])),
            z2=float(np.float32(place[1])),
            distance=distance,
            class_name=self.class_names[self.labels[near[0]]],
            winner=self.class_names[votes.argmax()],
            votes=int(votes.max()),
            value=float(self.values[near[0]]),
            verdict=self.verdicts[distance > self.threshold],
            threshold=self.threshold,
        )

    def for_page(self) -> dict:
        told = {
            "text": self.text,
            "points": _base64(self.points, "<f4"),
            "labels": _base64(self.labels, "u1"),
            "class_names": self.class_names,
            "voters": self.voters,
            "values": _base64(self.values, "<f4"),
            "threshold": self.threshold,
            "verdicts": list(self.verdicts),
        }
        return told if self.features is None else told | {"features": layers_for_page(self.features)}


def layers_for_page(network: nn.Sequential) -> list[dict]:
    """The layers as a page reads them, weights in float16. Raises ``TypeError`` that names a layer which a page cannot run."""
    return [_written(layer) for layer in _layers(network)]


def _flat(module: nn.Module) -> Iterator[nn.Module]:
    """The layers, also those of an ``nn.Sequential`` inside, without those that change nothing."""
    if isinstance(module, nn.Sequential):
        for each in module:
            yield from _flat(each)
    elif not isinstance(module, NOTHING):
        yield module


def _layers(network: nn.Module) -> Iterator[dict]:
    for layer in _flat(network):
        if type(layer) is nn.Linear:
            weight = layer.weight.detach().numpy()
            bias = np.zeros(len(weight), dtype=np.float32) if layer.bias is None else layer.bias.detach().numpy()
            yield {"kind": "Linear", "in": weight.shape[1], "out": weight.shape[0], "weight": weight, "bias": bias}
        elif type(layer) in ACTIVATIONS:
            kind = type(layer)
            yield {"kind": kind.__name__, **{name: float(getattr(layer, name)) for name in ACTIVATIONS[kind]}}
        else:
            known = ", ".join(kind.__name__ for kind in (nn.Linear, *ACTIVATIONS))
            raise TypeError(f"a page cannot run the layer {layer}; it can run nn.Sequential of {known}")


def _run(layers: list[dict], values: np.ndarray) -> np.ndarray:
    """What the layers make of ``values`` with weights in float16."""
    for layer in layers:
        if layer["kind"] == "Linear":
            weight, bias = (layer[name].astype(np.float16).astype(np.float32) for name in ("weight", "bias"))
            values = values @ weight.T + bias
        else:
            kind = getattr(nn, layer["kind"])
            settings = {name: value for name, value in layer.items() if name != "kind"}
            values = kind(**settings)(torch.from_numpy(values)).numpy()
    return values


def _written(layer: dict) -> dict:
    return {name: _base64(value, "<f2") if isinstance(value, np.ndarray) else value for name, value in layer.items()}


def _base64(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()
