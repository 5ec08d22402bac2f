"""A small classifier, used as a judge of images: its last hidden layer gives the features that samples are compared in."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.models.autoencoder import mlp

__all__ = ["Classifier"]


class Classifier(nn.Module):
    """A multilayer perceptron from x to the logits of its class.

    data, classes: the number of entries of x, and of classes. hidden: the widths of the hidden layers; the last one is
    the number of features.
    """

    def __init__(self, data: int, classes: int, hidden: tuple[int, ...] = (256, 64)):
        super().__init__()
        self.body = nn.Sequential(mlp(data, *hidden), nn.ReLU())
        self.head = nn.Linear(hidden[-1], classes)

    def forward(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch classes"]:
        return self.head(self.body(x))

    @torch.no_grad()
    def features(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch features"]:
        """The last hidden layer's activations."""
        return self.body(x)

    @torch.no_grad()
    def probabilities(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch classes"]:
        """The class probabilities."""
        return self(x).softmax(dim=1)
