"""Exercise 7.2: the training loop of a VAE."""

import numpy as np
import torch
from torch import nn

from vae_edu.exercises.ch07.terms import SmallVAE, terms
from vae_edu.exercises.record import Exercise, Mistake, Property, slip


def train(model, terms, x, optimizer, epochs, batch_size, generator):
    """Train the model in place. Return the mean distortion and the mean rate per example in each epoch, (epochs, 2), in nats."""
    model.train()
    history = torch.zeros(epochs, 2)
    for epoch in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            pixels = torch.bernoulli(x[rows], generator=generator)
            eps = torch.randn(len(rows), model.latent, generator=generator)
            distortion, rate = terms(model, pixels, eps)
            optimizer.zero_grad()
            (distortion + rate).mean().backward()
            optimizer.step()
            history[epoch] += torch.stack([distortion.detach().sum(), rate.detach().sum()])
    model.eval()
    return history / len(x)


class LikeDropout(nn.Module):
    """Other outputs in training mode than in evaluation mode, without randomness."""

    def forward(self, h):
        return h if self.training else 0.6 * h


def problem(rng: np.random.Generator, kind, rate: float, rows: int, epochs: int, batch_size: int, training: bool):
    """The seven arguments: a small model in double precision with a layer that behaves differently in the two modes."""
    data, latent = 6, 2
    model = SmallVAE(rng, data, latent)
    model.encoder.insert(2, LikeDropout())
    model.train(training)
    x = torch.from_numpy(rng.uniform(0.1, 0.9, (rows, data)))
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    return model, terms, x, kind(model.parameters(), lr=rate), epochs, batch_size, generator


def draw_cases(rng: np.random.Generator):
    """Last batches that are smaller, of one row, and as large as the others; two optimisers; models that come in either mode."""
    for kind, rate, rows, epochs, batch_size, training in (
        (torch.optim.SGD, 0.05, 11, 2, 4, False),
        (torch.optim.Adam, 0.05, 9, 3, 4, False),
        (torch.optim.SGD, 0.1, 10, 1, 5, True),
    ):
        yield problem(rng, kind, rate, rows, epochs, batch_size, training)


def parameters_after(function, *, left_over: float) -> np.ndarray:
    """The model's parameters after training, with gradients of this size in them at the start."""
    model, *rest = problem(np.random.default_rng(7), torch.optim.SGD, 0.05, 9, 2, 4, False)
    if left_over:
        for each in model.parameters():
            each.grad = torch.full_like(each, left_over)
    function(model, *rest)
    return torch.cat([each.detach().flatten() for each in model.parameters()]).numpy()


def modes(function) -> list[float]:
    """1 where the model is in training mode: at every call of ``terms``, and after training."""
    model, _, *rest = problem(np.random.default_rng(8), torch.optim.SGD, 0.05, 7, 2, 3, False)
    seen = []

    def watching(model, pixels, eps):
        seen.append(model.training)
        return terms(model, pixels, eps)

    function(model, watching, *rest)
    return [float(bool(seen) and all(seen)), float(model.training)]


def graph_returned(function) -> float:
    """1 where what is returned carries a graph, 0 where it does not."""
    returned = function(*problem(np.random.default_rng(9), torch.optim.SGD, 0.05, 7, 2, 3, False))
    parts = returned if isinstance(returned, list | tuple) else [returned]
    flat = [each for part in parts for each in (part if isinstance(part, list | tuple) else [part])]
    return float(any(getattr(each, "requires_grad", False) for each in flat))


# The pieces of which wrong answers are put together.


def orders_of(x, epochs, generator):
    """The order of the examples in each epoch."""
    for _ in range(epochs):
        yield torch.randperm(len(x), generator=generator)


def one_order(x, epochs, generator):
    order = torch.randperm(len(x), generator=generator)
    return [order] * epochs


def never_shuffled(x, epochs, generator):
    return [torch.arange(len(x))] * epochs


def drawn_and_not_used(x, epochs, generator):
    for _ in range(epochs):
        torch.randperm(len(x), generator=generator)
        yield torch.arange(len(x))


def weighted(batches, x):
    """From the distortions and rates of the batches, (2, rows) each: the means per example."""
    return torch.cat(batches, dim=1).mean(dim=1)


def of_means(batches, x):
    return torch.stack([each.mean(dim=1) for each in batches]).mean(dim=0)


def loop(
    before=lambda model: model.train(),
    after=lambda model: model.eval(),
    orders=orders_of,
    batches_of=lambda order, size: order.split(size),
    prepare=lambda x, generator: x,
    each_epoch=lambda x, generator: x,
    observe=lambda x, generator: torch.bernoulli(x, generator=generator),
    noise=lambda rows, latent, generator: torch.randn(rows, latent, generator=generator),
    noise_first=False,
    full_noise=False,
    loss=lambda distortion, rate, pixels: (distortion + rate).mean(),
    by_batch_size=False,
    calls="zero backward step",
    again=False,
    summary=weighted,
    after_epoch=lambda model: None,
    result=torch.stack,
    graph=False,
):
    """The training loop with some of its parts exchanged."""

    def wrong(model, terms, x, optimizer, epochs, batch_size, generator):
        before(model)
        grey, history = prepare(x, generator), []
        for order in orders(x, epochs, generator):
            seen, x = [], each_epoch(grey, generator)
            for rows in batches_of(order, batch_size):
                many = batch_size if full_noise else len(rows)
                eps = noise(many, model.latent, generator) if noise_first else None
                pixels = observe(x[rows], generator)
                eps = (noise(many, model.latent, generator) if eps is None else eps)[: len(rows)]
                distortion, rate = terms(model, pixels, eps)
                value = loss(distortion, rate, pixels) * (len(rows) / batch_size if by_batch_size else 1)
                for name in calls.split():
                    {"zero": optimizer.zero_grad, "backward": value.backward, "step": optimizer.step}[name]()
                both = torch.stack(terms(model, pixels, eps) if again else [distortion, rate])
                seen.append(both if graph else both.detach())
            history.append(summary(seen, x))
            after_epoch(model)
        after(model)
        return result(history)

    return wrong


def nothing(model):
    pass


def same_noise_for_all(rows, latent, generator):
    return torch.randn(1, latent, generator=generator).expand(rows, -1)


def full_batches(order, size):
    return [rows for rows in order.split(size) if len(rows) == size]


def without_single_rows(order, size):
    return [rows for rows in order.split(size) if len(rows) > 1]


def first_epoch(model, terms, x, optimizer, epochs, batch_size, generator):
    return train(model, terms, x, optimizer, 1, batch_size, generator)


def never_reset(history):
    """What is returned where the sums are not set back to 0 at the start of an epoch."""
    return torch.stack(history).cumsum(dim=0)


def one_step_an_epoch(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    history = []
    for _ in range(epochs):
        seen = []
        optimizer.zero_grad()
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            pixels = torch.bernoulli(x[rows], generator=generator)
            both = torch.stack(terms(model, pixels, torch.randn(len(rows), model.latent, generator=generator)))
            both.sum(dim=0).mean().backward()
            seen.append(both.detach())
        optimizer.step()
        history.append(weighted(seen, x))
    model.eval()
    return torch.stack(history)


GRAPH = (
    "the numbers are right, but they carry a graph, which keeps every batch in memory: .detach() or .item() cuts it off"
)
NOT_TRAINED = "the model is the same after training as before: each batch needs zero_grad(), then backward(), then step(), in this order"

EXERCISE = Exercise(
    id="7.2",
    title="The training loop",
    minutes=20,
    difficulty=3,
    answer=train,
    cases=draw_cases,
    properties=(
        Property(
            "after training, the parameters are those that the steps lead to",
            lambda function, rng: parameters_after(function, left_over=0.0),
            tolerance=1e-6,
        ),
        Property(
            "gradients that are left in the parameters from before do not count",
            lambda function, rng: parameters_after(function, left_over=0.5),
            tolerance=1e-6,
        ),
        Property(
            "the model is in training mode while it is trained, and in evaluation mode afterwards",
            lambda function, rng: modes(function),
            tolerance=0.5,
            expected=[1.0, 0.0],
            names=("training mode at every batch (1 for yes)", "training mode afterwards (1 for yes)"),
        ),
        Property(
            "what is returned carries no graph: .detach() or .item() cuts it off",
            lambda function, rng: graph_returned(function),
            tolerance=0.5,
            expected=0.0,
        ),
    ),
    mistakes=(
        slip(GRAPH, loop, graph=True),
        slip(
            "the model is trained in the mode in which it came: call model.train() first, or dropout and batch normalisation are off",
            loop,
            before=nothing,
        ),
        slip("the model is left in training mode: call model.eval() after the last step", loop, after=nothing),
        slip(
            "model.eval() comes too early: the model has to be in training mode until the last step",
            loop,
            before=lambda model: model.eval(),
        ),
        slip("gradients add up from batch to batch: zero_grad() before each backward()", loop, calls="backward step"),
        slip(
            "gradients add up from batch to batch, since they are set to zero once: zero_grad() before each backward()",
            loop,
            before=lambda model: model.train().zero_grad(),
            calls="backward step",
        ),
        slip(
            "the model is in evaluation mode from the second epoch on: model.train() at the start of each epoch",
            loop,
            after_epoch=lambda model: model.eval(),
        ),
        slip(
            "gradients left from before reach the first step: zero_grad() before backward(), not after step()",
            loop,
            calls="backward step zero",
        ),
        *(slip(NOT_TRAINED, loop, calls=calls) for calls in ("", "backward zero step", "zero step backward")),
        slip(
            "the loss is the sum over the batch: take the mean, so that a step does not depend on the batch size",
            loop,
            loss=lambda distortion, rate, pixels: (distortion + rate).sum(),
        ),
        slip(
            "the steps go down the loss per pixel: distortion and rate are sums already, and only the mean over the batch is missing",
            loop,
            loss=lambda distortion, rate, pixels: (distortion + rate).mean() / pixels.shape[1],
        ),
        slip(
            "the mean is taken twice: the loss is divided by the batch size after .mean()",
            loop,
            loss=lambda distortion, rate, pixels: (distortion + rate).mean() / len(distortion),
        ),
        slip(
            "the last batch counts too much or too little: divide by its own number of rows, not by batch_size",
            loop,
            by_batch_size=True,
        ),
        *(
            slip(
                "the rate has a weight other than 1 in the loss",
                loop,
                loss=lambda distortion, rate, pixels, weight=weight: (distortion + weight * rate).mean(),
            )
            for weight in (0.5, 0.1, 2, 4)
        ),
        slip(
            "the loss is the distortion alone: the model is trained as an autoencoder with noise. Add the rate",
            loop,
            loss=lambda distortion, rate, pixels: distortion.mean(),
        ),
        slip(
            "the rate is subtracted in the loss: both terms are costs",
            loop,
            loss=lambda distortion, rate, pixels: (distortion - rate).mean(),
        ),
        slip(
            "the loss has the wrong sign: distortion and rate are costs, and their sum is the negative ELBO already",
            loop,
            loss=lambda distortion, rate, pixels: -(distortion + rate).mean(),
        ),
        slip(
            "these are means of the batches' means: where the last batch is smaller, its examples count too much",
            loop,
            summary=of_means,
        ),
        slip(
            "these are sums over the examples: divide by the number of examples",
            loop,
            summary=lambda batches, x: torch.cat(batches, dim=1).sum(dim=1),
        ),
        slip(
            "the sums over the examples are divided by the number of batches: divide by the number of examples",
            loop,
            summary=lambda batches, x: torch.cat(batches, dim=1).sum(dim=1) / len(batches),
        ),
        slip(
            "the means of the batches are added up and divided by the number of examples: add up sums over examples",
            loop,
            summary=lambda batches, x: torch.stack([each.mean(dim=1) for each in batches]).sum(dim=0) / len(x),
        ),
        slip(
            "these are the means of the last batch alone: average over all examples of the epoch",
            loop,
            summary=lambda batches, x: batches[-1].mean(dim=1),
        ),
        slip(
            "the sums are divided by the number of whole batches times batch_size: divide by the number of examples",
            loop,
            summary=lambda batches, x: (
                torch.cat(batches, dim=1).sum(dim=1) / (len(x) // (n := batches[0].shape[1]) * n)
            ),
        ),
        slip(
            "the sums are divided by the number of batches times batch_size: divide by the number of examples",
            loop,
            summary=lambda batches, x: torch.cat(batches, dim=1).sum(dim=1) / (len(batches) * batches[0].shape[1]),
        ),
        slip(
            "these are the values after each step: return those that the step was computed from",
            loop,
            again=True,
        ),
        slip(
            "the two columns are exchanged: first the distortion, then the rate",
            loop,
            summary=lambda batches, x: weighted(batches, x).flip(0),
        ),
        slip(
            "each row is a total: return distortion and rate apart, (epochs, 2)",
            loop,
            summary=lambda batches, x: weighted(batches, x).sum(),
        ),
        slip(
            "the second column is distortion + rate: return the rate alone",
            loop,
            summary=lambda batches, x: torch.stack([weighted(batches, x)[0], weighted(batches, x).sum()]),
        ),
        slip(
            "the sums are not set back to zero: from the second epoch on, those of earlier epochs are in them",
            loop,
            result=never_reset,
        ),
        slip("only the last epoch is returned: one row for each epoch", loop, result=lambda history: history[-1]),
        slip(
            "this is the mean over the epochs: return one row for each epoch",
            loop,
            result=lambda history: torch.stack(history).mean(dim=0),
        ),
        slip(
            "the rows are epochs and the columns are distortion and rate: yours are the other way round",
            loop,
            result=lambda history: torch.stack(history).T,
        ),
        slip("the examples are never shuffled: torch.randperm at the start of each epoch", loop, orders=never_shuffled),
        slip(
            "a new order is drawn at the start of each epoch, and not used: take the rows of a batch from it",
            loop,
            orders=drawn_and_not_used,
        ),
        slip("the examples are shuffled once: take a new order at the start of each epoch", loop, orders=one_order),
        *(
            slip(message, loop, batches_of=batches_of, **summary)
            for message, batches_of in (
                ("the last batch is left out where it is smaller: its examples count too", full_batches),
                ("a last batch of one example is left out: it counts too", without_single_rows),
            )
            for summary in ({}, {"summary": lambda batches, x: torch.cat(batches, dim=1).sum(dim=1) / len(x)})
        ),
        slip(
            "all examples are in one batch: cut them into batches of batch_size",
            loop,
            batches_of=lambda order, size: [order],
        ),
        slip(
            "the binary pixels are sampled once, before training: sample them anew for each batch",
            loop,
            prepare=lambda x, generator: torch.bernoulli(x, generator=generator),
            observe=lambda x, generator: x,
        ),
        slip(
            "the binary pixels are sampled once an epoch, for all examples: sample them for each batch, after its order is drawn",
            loop,
            each_epoch=lambda x, generator: torch.bernoulli(x, generator=generator),
            observe=lambda x, generator: x,
        ),
        slip(
            "the noise is drawn before the pixels: first torch.bernoulli, then torch.randn",
            loop,
            noise_first=True,
        ),
        slip(
            "the noise is drawn for a whole batch, also where the last one is smaller: draw as many rows as the batch has",
            loop,
            full_noise=True,
        ),
        slip(
            "the model is trained on the grey values: sample binary pixels with torch.bernoulli",
            loop,
            observe=lambda x, generator: x,
        ),
        slip(
            "the pixels are rounded: sample them, so that a pixel of 0.3 is 1 three times in ten",
            loop,
            observe=lambda x, generator: (x > 0.5).to(x.dtype),
        ),
        slip(
            "all examples of a batch share one row of noise: eps has the shape (rows, latent)",
            loop,
            noise=same_noise_for_all,
        ),
        slip(
            "there is no noise: eps is 0 everywhere",
            loop,
            noise=lambda rows, latent, generator: torch.zeros(rows, latent),
        ),
        slip(
            "the noise is uniform: torch.randn samples from N(0, 1), torch.rand from [0, 1)",
            loop,
            noise=lambda rows, latent, generator: torch.rand(rows, latent, generator=generator),
        ),
        Mistake("only the first epoch is trained: is the return inside of the loop?", first_epoch),
        Mistake(
            "the gradients of all batches are added up for one step an epoch: make one step for each batch",
            one_step_an_epoch,
        ),
    ),
    hints=(
        "Which three calls turn a loss into a step, in which order? Which of the numbers that you need does the last, smaller batch "
        "change?",
        "Two loops, over epochs and over batches of a new random order. In the inner one: sample pixels and noise, compute the two terms, "
        "take one step on the mean of distortion + rate, and add up both sums over the batch for the history.",
        "for rows in torch.randperm(len(x), generator=generator).split(batch_size): is the inner loop. Divide the sums by len(x) at "
        "the end.",
    ),
)
