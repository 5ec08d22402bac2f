"""Exercise 1.2: one epoch of training an autoencoder."""

import numpy as np
import torch
from torch.nn import functional

from vae_edu.exercises.record import Exercise, Mistake, Property
from vae_edu.models.autoencoder import MLPAutoencoder


def train_epoch(model, optimizer, x, batches, corrupt):
    """Train on every batch once, and return the mean error per example over the epoch, a number. The network sees corrupt(batch)
    and has to give back the batch as it was."""
    total = 0.0
    for rows in batches:
        clean = x[rows]
        reconstruction = model.decode(model.encode(corrupt(clean)))
        error = ((clean - reconstruction) ** 2).sum(dim=1)  # (batch,)
        optimizer.zero_grad()
        error.mean().backward()
        optimizer.step()
        total += error.sum().item()
    return total / len(x)


class Masks:
    """Sets entries to 0 at random, anew at each call, and shifts the rest: a corruption that can be copied with its state."""

    def __init__(self, seed: int):
        self.seed, self.rng = seed, np.random.default_rng(seed)

    def __call__(self, x):
        return x * torch.from_numpy(self.rng.random(tuple(x.shape)) >= 0.4) + 0.1

    def __repr__(self) -> str:
        return f"Masks({self.seed})"


def unchanged(x):
    return x


def problem(rng: np.random.Generator, kind, rate: float, sizes, corrupt, data: int = 5):
    """The five arguments: a small model in double precision, its optimiser, and batches of these sizes."""
    n, latent = sum(sizes), 2
    x = torch.from_numpy(rng.uniform(0.1, 0.9, (n, data)))
    model = MLPAutoencoder(data, latent, mean=x.mean(dim=0), hidden=(4,)).double()
    with torch.no_grad():
        for each in model.parameters():
            each.copy_(torch.from_numpy(rng.normal(0, 0.8, tuple(each.shape))))
    batches = torch.from_numpy(rng.permutation(n)).split(list(sizes))
    return model, kind(model.parameters(), lr=rate), x, batches, corrupt


def draw_cases(rng: np.random.Generator):
    """Last batches that are smaller, and of one row; one batch alone; with and without corruption; two optimisers."""
    for kind, rate, sizes, corrupt in (
        (torch.optim.SGD, 0.05, (4, 4, 4, 2), Masks(int(rng.integers(2**31)))),
        (torch.optim.Adam, 0.02, (5, 5, 1), unchanged),
        (torch.optim.SGD, 0.1, (6,), Masks(int(rng.integers(2**31)))),
    ):
        yield problem(rng, kind, rate, sizes, corrupt)


def parameters_after(function, *, left_over: float, data: int = 5) -> np.ndarray:
    """The model's parameters after one epoch of the same problem, with gradients of this size in them at the start."""
    model, *rest = problem(np.random.default_rng(7), torch.optim.SGD, 0.05, (4, 4, 3), Masks(8), data)
    if left_over:
        for each in model.parameters():
            each.grad = torch.full_like(each, left_over)
    function(model, *rest)
    return torch.cat([each.detach().flatten() for each in model.parameters()]).numpy()


def graph_returned(function) -> float:
    """1 where what is returned carries a graph, 0 where it is a number or a tensor without one."""
    returned = function(*problem(np.random.default_rng(9), torch.optim.SGD, 0.05, (4, 3), Masks(10)))
    return float(getattr(returned, "requires_grad", False))


# The pieces of which wrong answers are put together.


def per_example(clean, reconstruction):
    return ((clean - reconstruction) ** 2).sum(dim=1)


def reconstruct(model, seen):
    return model.decode(model.encode(seen))


def denoised(model, clean, corrupt):
    return per_example(clean, reconstruct(model, corrupt(clean)))


def epoch(forward=None, step_on=None, returned=None, order="zero backward step", graph=False):
    """An epoch with one thing changed. ``forward`` gets model, clean and corrupt, and returns the errors (batch,); ``step_on`` makes a
    loss of them; ``returned`` gets the list of errors of all batches; ``order`` is that of the optimiser's calls; with ``graph``, a
    tensor with its graph is returned."""

    def wrong(model, optimizer, x, batches, corrupt):
        errors = []
        for rows in batches:
            clean = x[rows]
            error = (forward or denoised)(model, clean, corrupt)
            loss = step_on(error, clean) if step_on else error.mean()
            for name in order.split():
                if name == "zero":
                    optimizer.zero_grad()
                elif name == "backward":
                    loss.backward()
                elif name == "step":
                    optimizer.step()
            errors.append(error if graph else error.detach())
        value = returned(errors, x) if returned else torch.cat(errors).mean()
        return value if graph else value.item()

    return wrong


def mean_of_means(errors, x):
    return torch.stack([each.mean() for each in errors]).mean()


def by_pixel(error, clean):
    return error.mean() / clean.shape[1]


def decoder_alone(model, clean, corrupt):
    with torch.no_grad():
        codes = model.encode(corrupt(clean))
    return per_example(clean, model.decode(codes))


def corrupted_target(model, clean, corrupt):
    seen = corrupt(clean)
    return per_example(seen, reconstruct(model, seen))


def other_corruption_as_target(model, clean, corrupt):
    seen = corrupt(clean)
    return per_example(corrupt(clean), reconstruct(model, seen))


def from_clean_to_corrupted(model, clean, corrupt):
    return per_example(corrupt(clean), reconstruct(model, clean))


def never_corrupted(model, clean, corrupt):
    return per_example(clean, reconstruct(model, clean))


def corrupted_twice(model, clean, corrupt):
    return per_example(clean, reconstruct(model, corrupt(corrupt(clean))))


def not_squared(model, clean, corrupt):
    return (clean - reconstruct(model, corrupt(clean))).abs().sum(dim=1)


def square_root(model, clean, corrupt):
    return per_example(clean, reconstruct(model, corrupt(clean))).sqrt()


def cross_entropy(model, clean, corrupt):
    seen = reconstruct(model, corrupt(clean))
    return functional.binary_cross_entropy(seen, clean, reduction="none").sum(dim=1)


def corrupted_once(model, optimizer, x, batches, corrupt):
    damaged = corrupt(x)
    total = 0.0
    for rows in batches:
        error = per_example(x[rows], reconstruct(model, damaged[rows]))
        optimizer.zero_grad()
        error.mean().backward()
        optimizer.step()
        total += error.sum().item()
    return total / len(x)


def first_batch_alone(model, optimizer, x, batches, corrupt):
    error = per_example(x[batches[0]], reconstruct(model, corrupt(x[batches[0]])))
    optimizer.zero_grad()
    error.mean().backward()
    optimizer.step()
    return error.mean().item()


def one_step_for_all(model, optimizer, x, batches, corrupt):
    return train_epoch(model, optimizer, x, [torch.cat(list(batches))], corrupt)


def in_the_order_of_x(model, optimizer, x, batches, corrupt):
    ordered = torch.arange(len(x)).split([len(rows) for rows in batches])
    return train_epoch(model, optimizer, x, ordered, corrupt)


def without_the_short_batch(model, optimizer, x, batches, corrupt):
    full = [rows for rows in batches if len(rows) == len(batches[0])]
    return train_epoch(model, optimizer, x, full, corrupt) * len(x) / sum(len(rows) for rows in full)


def error_afterwards(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        clean = x[rows]
        seen = corrupt(clean)
        error = per_example(clean, reconstruct(model, seen))
        optimizer.zero_grad()
        error.mean().backward()
        optimizer.step()
        total += per_example(clean, reconstruct(model, seen)).sum().item()
    return total / len(x)


def error_of_another_corruption_afterwards(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        optimizer.zero_grad()
        denoised(model, x[rows], corrupt).mean().backward()
        optimizer.step()
        total += denoised(model, x[rows], corrupt).sum().item()
    return total / len(x)


def one_step_at_the_end(loss):
    """One step, down the gradient of what ``loss`` makes of the mean errors of all batches."""

    def wrong(model, optimizer, x, batches, corrupt):
        errors = [denoised(model, x[rows], corrupt) for rows in batches]
        optimizer.zero_grad()
        loss([each.mean() for each in errors]).backward()
        optimizer.step()
        return torch.cat(errors).mean().item()

    return wrong


def error_after_the_epoch(model, optimizer, x, batches, corrupt):
    train_epoch(model, optimizer, x, batches, corrupt)
    with torch.no_grad():
        return per_example(x, reconstruct(model, x)).mean().item()


def another_corruption_reported(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        optimizer.zero_grad()
        denoised(model, x[rows], corrupt).mean().backward()
        total += denoised(model, x[rows], corrupt).sum().item()
        optimizer.step()
    return total / len(x)


def clipping(limit):
    """``limit`` gets the model between backward and step."""

    def wrong(model, optimizer, x, batches, corrupt):
        total = 0.0
        for rows in batches:
            error = denoised(model, x[rows], corrupt)
            optimizer.zero_grad()
            error.mean().backward()
            limit(model)
            optimizer.step()
            total += error.sum().item()
        return total / len(x)

    return wrong


def steps_over_all(model, optimizer, x, batches, corrupt):
    """The loss of a batch is its sum over the number of all examples."""
    return epoch(step_on=lambda error, clean: error.sum() / len(x))(model, optimizer, x, batches, corrupt)


def zeroed_once(model, optimizer, x, batches, corrupt):
    optimizer.zero_grad()
    return epoch(order="backward step")(model, optimizer, x, batches, corrupt)


def with_batches(change):
    """An epoch with what ``change`` makes of the list of batches."""
    return lambda model, optimizer, x, batches, corrupt: train_epoch(model, optimizer, x, change(batches), corrupt)


def corrupted_code(model, clean, corrupt):
    return per_example(clean, model.decode(corrupt(model.encode(clean))))


def last_batch(errors, x):
    return errors[-1].mean()


def sum_of_means(errors, x):
    return torch.stack([each.mean() for each in errors]).sum()


GRAPH = (
    "it is a tensor with a graph, which keeps every batch of the epoch in memory: .item() turns a tensor into a number"
)
MEANS = "this is the mean of the batches' means: where the last batch is smaller, its examples count too much"
SUM_OF_MEANS = "these are the batches' means, added up: divide by the number of examples what is added up over examples"
LAST = "this is the error of the last batch alone: return the mean over all examples of the epoch"
NOT_TRAINED = "the model is the same after the epoch as before: each batch needs zero_grad, then backward, then step of the optimiser"
PER_PIXEL = "the error is the mean over the entries of x: add up the entries of an example, and take the mean over examples only"

EXERCISE = Exercise(
    id="1.2",
    title="One epoch of training an autoencoder",
    minutes=15,
    difficulty=3,
    answer=train_epoch,
    cases=draw_cases,
    properties=(
        Property(
            "after the epoch, the parameters of the model are those that the steps lead to",
            lambda function, rng: parameters_after(function, left_over=0.0),
            tolerance=1e-6,
        ),
        Property(
            "gradients that are left in the parameters from before the epoch do not count",
            lambda function, rng: parameters_after(function, left_over=0.5),
            tolerance=1e-6,
        ),
        Property(
            "the steps follow the gradient however large it is, here with 100 entries in an example",
            lambda function, rng: parameters_after(function, left_over=0.0, data=100),
            tolerance=1e-6,
        ),
        Property(
            "what is returned is a number, or a tensor without a graph: error.sum().item() is a number",
            lambda function, rng: graph_returned(function),
            tolerance=0.5,
            expected=0.0,
        ),
    ),
    mistakes=(
        Mistake(f"the value is right, but {GRAPH}", epoch(graph=True)),
        *(
            Mistake(f"{message}. Besides, {GRAPH}", epoch(returned=returned, graph=True))
            for message, returned in ((MEANS, mean_of_means), (SUM_OF_MEANS, sum_of_means), (LAST, last_batch))
        ),
        Mistake(
            "gradients add up from batch to batch: set them to zero before each backward",
            epoch(order="backward step"),
        ),
        Mistake(
            "gradients add up from batch to batch, since they are set to zero once: set them to zero before each backward",
            zeroed_once,
        ),
        Mistake(
            "gradients left from before the epoch reach the first step: set them to zero before backward, not after the step",
            epoch(order="backward step zero"),
        ),
        Mistake(NOT_TRAINED, epoch(order="")),
        *(
            Mistake("the gradient is clipped: a step follows it however large it is", clipping(limit))
            for limit in (
                lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0),
                lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5),
                lambda model: torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0),
                lambda model: torch.nn.utils.clip_grad_value_(model.parameters(), 1.0),
            )
        ),
        Mistake(PER_PIXEL, epoch(step_on=by_pixel, returned=lambda errors, x: torch.cat(errors).mean() / x.shape[1])),
        Mistake(PER_PIXEL, epoch(step_on=by_pixel, returned=lambda errors, x: mean_of_means(errors, x) / x.shape[1])),
        Mistake(
            "the returned number is the mean over the entries of x: add up the entries of an example first",
            epoch(returned=lambda errors, x: torch.cat(errors).mean() / x.shape[1]),
        ),
        Mistake(
            "the returned number is right, but the steps go down the mean over the entries of x, and are too small",
            epoch(step_on=by_pixel),
        ),
        Mistake(
            "the returned number is right, but the steps go down the sum over the batch: take the mean over its examples",
            epoch(step_on=lambda error, clean: error.sum()),
        ),
        Mistake(
            "the returned number is right, but the loss of a step is divided by the number of all examples: divide by that of the batch",
            steps_over_all,
        ),
        Mistake(
            "the returned number is right, but the steps go down half the error, and are too small",
            epoch(step_on=lambda error, clean: error.mean() / 2),
        ),
        Mistake(
            "the sum over the examples of a batch: take their mean, so that a step does not depend on the size of the batch",
            epoch(
                step_on=lambda error, clean: error.sum(),
                returned=lambda errors, x: torch.stack([each.sum() for each in errors]).mean(),
            ),
        ),
        Mistake(MEANS, epoch(returned=mean_of_means)),
        Mistake(SUM_OF_MEANS, epoch(returned=sum_of_means)),
        Mistake(
            "this is the sum over all examples: return their mean",
            epoch(returned=lambda errors, x: torch.cat(errors).sum()),
        ),
        Mistake(
            "the sum over all examples is divided by the number of batches: divide by the number of examples",
            epoch(returned=lambda errors, x: torch.cat(errors).sum() / len(errors)),
        ),
        Mistake(
            "the batches' means, added up, are divided by the number of examples: add up over examples instead",
            epoch(returned=lambda errors, x: torch.stack([each.mean() for each in errors]).sum() / len(x)),
        ),
        Mistake(LAST, epoch(returned=last_batch)),
        Mistake(
            "this is the error of each batch after its step: use the one that the step was computed from",
            error_afterwards,
        ),
        Mistake(
            "this is the error of each batch after its step, and of another corruption: use the one that the step was computed from",
            error_of_another_corruption_afterwards,
        ),
        *(
            Mistake(
                "one step at the end of the epoch: make one for each batch. Do zero_grad, backward and step stand inside of the loop?",
                one_step_at_the_end(loss),
            )
            for loss in (sum, lambda means: sum(means) / len(means), lambda means: means[-1])
        ),
        Mistake(
            "the target is the corrupted batch: the network sees corrupt(batch) and has to give back the batch as it was",
            epoch(corrupted_target),
        ),
        Mistake(
            "the target is another corruption of the batch: compare with the batch as it was",
            epoch(other_corruption_as_target),
        ),
        Mistake(
            "input and target are exchanged: the network sees corrupt(batch) and has to give back the batch",
            epoch(from_clean_to_corrupted),
        ),
        Mistake("corrupt is not used: the network sees corrupt(batch)", epoch(never_corrupted)),
        Mistake(
            "the returned error belongs to another corruption than the step: call corrupt once for each batch",
            another_corruption_reported,
        ),
        Mistake("corrupt is given the code: it belongs to the batch, before the encoder", epoch(corrupted_code)),
        Mistake("the batches come in reverse order", with_batches(lambda batches: list(batches)[::-1])),
        Mistake(
            "batches of one row are left out: their examples count too",
            with_batches(lambda batches: [rows for rows in batches if len(rows) > 1]),
        ),
        Mistake(
            "the error is halved: it is the sum of the squares itself, averaged over the examples",
            epoch(lambda *of: denoised(*of) / 2),
        ),
        Mistake(
            "each batch's mean is multiplied by the size of the first batch: where the last is smaller, it counts too much",
            epoch(returned=lambda errors, x: sum(each.mean() * len(errors[0]) for each in errors) / len(x)),
        ),
        Mistake(
            "the sum is divided by the number of batches times the size of the first: divide by the number of examples",
            epoch(returned=lambda errors, x: torch.cat(errors).sum() / (len(errors) * len(errors[0]))),
        ),
        Mistake("corrupt is called twice on each batch: once is enough", epoch(corrupted_twice)),
        Mistake(
            "all of x is corrupted at once: call corrupt on each batch, so that the noise is fresh",
            corrupted_once,
        ),
        Mistake(
            "x is corrupted before it is cut into batches, and the network has to give back the corrupted batch: the target is clean",
            lambda model, optimizer, x, batches, corrupt: train_epoch(model, optimizer, corrupt(x), batches, unchanged),
        ),
        Mistake(
            "this is the error on x after the epoch: return the mean of the errors that the steps were computed from",
            error_after_the_epoch,
        ),
        Mistake("the encoder is not trained: no gradient reaches it through the code", epoch(decoder_alone)),
        Mistake("these are absolute differences: square them", epoch(not_squared)),
        Mistake("the square root is too much: the error is the sum of the squares itself", epoch(square_root)),
        Mistake("this is the cross-entropy: the error here is the squared difference", epoch(cross_entropy)),
        Mistake("only the first batch is trained on: is the return inside of the loop?", first_batch_alone),
        Mistake("one step for all examples: make one step for each batch", one_step_for_all),
        Mistake("batches is not used: x[rows] are the examples of a batch", in_the_order_of_x),
        Mistake(
            "the last batch is left out where it is smaller: its examples count too",
            without_the_short_batch,
        ),
    ),
    hints=(
        "What does the network see, what is its output compared with, and which three calls turn an error into a step?",
        "For each batch: encode and decode corrupt(x[rows]), sum the squares over each example, take the mean over the batch, and "
        "step down its gradient. Keep a running sum over examples for the number to return.",
        "error = ((clean - reconstruction) ** 2).sum(dim=1), then optimizer.zero_grad() and error.mean().backward().",
    ),
)
