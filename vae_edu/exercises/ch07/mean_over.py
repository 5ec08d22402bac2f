"""Exercise 7.6: the mean over a data set, batch by batch."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property


def mean_over(model, cost, x, batch_size):
    """The mean over the rows of x of cost(model, rows), which returns one number for each row, in evaluation mode and
    batch by batch. The model is left in the mode in which it came."""
    import torch

    was_training, total = model.training, 0.0
    model.eval()
    with torch.no_grad():
        for rows in x.split(batch_size):
            total += cost(model, rows).sum().item()
    model.train(was_training)
    return total / len(x)


def squared_output(model, rows):
    """A cost of each row: its squared output."""
    return (model(rows) ** 2).sum(dim=1)


def new_model(rng, kind):
    """A small network with dropout, or with batch normalisation that has seen other data."""
    import torch
    from torch import nn

    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    own = nn.Dropout(0.5) if kind == "dropout" else nn.BatchNorm1d(6)
    model = nn.Sequential(nn.Linear(4, 6), own, nn.Linear(6, 3)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        if kind != "dropout":
            own.running_mean += 0.7
            own.running_var *= 2.5
    return model


def draw_models(rng: np.random.Generator):
    import torch

    for kind, rows, batch_size, training in (("norm", 10, 7, True), ("dropout", 9, 4, True), ("norm", 17, 5, False)):
        x = torch.from_numpy(rng.normal(0, 1, (rows, 4)) + np.linspace(-1, 2, rows)[:, None])
        yield new_model(rng, kind).train(training), squared_output, x, batch_size


def modes_afterwards(function, rng):
    """Whether the model is in training mode after the call: for one that came so, and for one that did not."""
    import torch

    found = []
    for training in (True, False):
        model = new_model(rng, "norm").train(training)
        function(model, squared_output, torch.from_numpy(rng.normal(size=(7, 4))), 3)
        found.append(float(model.training and all(part.training for part in model)))
    return found


def largest_batches(function, rng):
    """The largest number of rows that cost is called with, for batch_size 3 and for 5."""
    import torch

    found = []
    for batch_size in (3, 5):
        sizes = []

        def watching(model, rows, sizes=sizes):
            sizes.append(len(rows))
            return squared_output(model, rows)

        function(new_model(rng, "dropout"), watching, torch.from_numpy(rng.normal(size=(8, 4))), batch_size)
        found.append(float(max(sizes, default=0)))
    return found


def collected(model, cost, x, batch_size, *, mode=False, restore=True):
    """The costs of each batch, in this mode, which is left as it is unless ``restore``."""
    import torch

    was_training = model.training
    if mode is not None:
        model.train(mode)
    with torch.no_grad():
        costs = [cost(model, rows) for rows in x.split(batch_size)]
    if restore:
        model.train(was_training)
    return costs


def mean_of(costs):
    return float(sum(each.sum() for each in costs) / sum(len(each) for each in costs))


def mean_of_means(costs):
    return float(sum(each.mean() for each in costs) / len(costs))


EXERCISE = Exercise(
    id="7.6",
    title="The mean over a data set, batch by batch",
    minutes=10,
    difficulty=2,
    answer=mean_over,
    cases=draw_models,
    properties=(
        Property(
            "the model is afterwards in the mode in which it came",
            modes_afterwards,
            tolerance=0.0,
            expected=[1.0, 0.0],
        ),
        Property(
            "cost is called with batch_size rows at a time",
            largest_batches,
            tolerance=0.0,
            expected=[3.0, 5.0],
        ),
    ),
    mistakes=(
        Mistake(
            "this is the mean of the batches' means: the short last batch counts as much as a full one",
            lambda *case: mean_of_means(collected(*case)),
        ),
        Mistake(
            "the model is not put into evaluation mode: dropout draws, and batch normalisation looks at the companions",
            lambda *case: mean_of(collected(*case, mode=None)),
        ),
        Mistake(
            "two things: the model is not put into evaluation mode, and the short last batch counts as much as a full one",
            lambda *case: mean_of_means(collected(*case, mode=None)),
        ),
        Mistake(
            "the mean is right, but the model is left in evaluation mode: training would go on without dropout",
            lambda *case: mean_of(collected(*case, restore=False)),
        ),
        Mistake(
            "the mean is right, but the model is always left in training mode: put it back as it came",
            lambda model, *rest: (mean_of(collected(model, *rest)), model.train())[0],
        ),
        Mistake(
            "the short last batch counts as much as a full one, and the model is left in evaluation mode",
            lambda *case: mean_of_means(collected(*case, restore=False)),
        ),
        Mistake(
            "the short last batch counts as much as a full one, and the model is always left in training mode",
            lambda model, *rest: (mean_of_means(collected(model, *rest)), model.train())[0],
        ),
        Mistake(
            "the short last batch is dropped: all rows count",
            lambda model, cost, x, batch_size: mean_of(
                [each for each in collected(model, cost, x, batch_size) if len(each) == batch_size]
            ),
        ),
        Mistake(
            "the sum is divided by batches · batch_size, as if the last batch were full",
            lambda model, cost, x, batch_size: (
                lambda costs: float(sum(each.sum() for each in costs) / (len(costs) * batch_size))
            )(collected(model, cost, x, batch_size)),
        ),
        Mistake(
            "the sums of the batches are averaged over the batches: divide the total by the number of rows",
            lambda *case: (lambda costs: float(sum(each.sum() for each in costs) / len(costs)))(collected(*case)),
        ),
        Mistake(
            "the means of the batches are added up and divided by the number of rows",
            lambda model, cost, x, batch_size: float(
                sum(each.mean() for each in collected(model, cost, x, batch_size)) / len(x)
            ),
        ),
        Mistake(
            "this is the sum over the rows: divide it by their number",
            lambda *case: float(sum(each.sum() for each in collected(*case))),
        ),
        Mistake(
            "only the first batch is looked at: the `return` stands inside the loop",
            lambda *case: mean_of(collected(*case)[:1]),
        ),
        Mistake(
            "only the last batch is looked at",
            lambda *case: mean_of(collected(*case)[-1:]),
        ),
        Mistake(
            "the mean is right, but cost is called with all rows at once: a data set may not fit into memory",
            lambda model, cost, x, batch_size: mean_of(collected(model, cost, x, len(x))),
        ),
        Mistake(
            "the mean is right, but cost is called with one row at a time: use batch_size",
            lambda model, cost, x, batch_size: mean_of(collected(model, cost, x, 1)),
        ),
    ),
    hints=(
        "x.split(batch_size) yields the batches, the last of them shorter. How many rows stand behind each sum?",
        "Add up cost(model, rows).sum() over the batches, and divide once, by len(x).",
        "Remember model.training, call model.eval() before the loop (under torch.no_grad()), and model.train(was_training) after it.",
    ),
)
