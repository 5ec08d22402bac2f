"""Exercises of notebook 11: curing posterior collapse."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property


def betas_of_batches(is_training, warm_up_steps):
    """The beta of each batch that a program meets, in order, an array (batches,). is_training: (batches,), True for a batch
    of training, False for one of evaluation. Step t of training, counted from 0, has beta t / warm_up_steps, at most 1;
    evaluation is at beta 1."""
    step = np.cumsum(is_training) - 1  # of a training batch: how many came before it
    return np.where(is_training, np.minimum(step / warm_up_steps, 1.0), 1.0)


def draw_batches(rng: np.random.Generator):
    for epochs, batches, unseen, warm in ((4, 7, 3, 17), (3, 10, 2, 12), (5, 4, 4, 9)):
        one = [True] * batches + [False] * unseen
        if rng.random() < 0.5:
            one = one[::-1]  # evaluation comes first
        yield np.array(one * epochs + [True] * int(rng.integers(1, 4))), warm


def betas_with(step=None, ramp=None, evaluation=None):
    """A wrong answer: ``betas_of_batches`` with the step, the ramp or the beta of evaluation of another kind."""

    def wrong(is_training, warm_up_steps):
        own = (np.cumsum(is_training) - 1) if step is None else step(is_training)
        share = own / warm_up_steps
        betas = np.minimum(share, 1.0) if ramp is None else ramp(own, warm_up_steps)
        return np.where(is_training, betas, 1.0 if evaluation is None else evaluation(betas, share))

    return wrong


def count_all(is_training):
    return np.arange(len(is_training))


def cyclical_betas(done, cycles, ramp):
    """The beta of a cyclical warm-up at each share of training done, in [0, 1), an array like done. Training is cut into equal
    cycles; in each, beta rises linearly from 0 to 1 during the first ramp share of the cycle, and stays at 1 for the rest."""
    place = done * cycles % 1  # in the cycle, from 0 to 1
    return np.minimum(place / ramp, 1.0)


def draw_shares(rng: np.random.Generator):
    for cycles, ramp, n in ((4, 0.5, 23), (3, 0.7, 31), (8, 0.3, 27)):
        starts = np.arange(cycles) / cycles if cycles != 3 else np.zeros(1)
        spread = (np.arange(n) + rng.uniform(0.2, 0.8, n)) / n
        yield np.sort(np.concatenate([starts, spread])), cycles, ramp


def free_bits_loss(distortion, rates, threshold):
    """The loss with free bits, one number: the mean distortion plus the sum over the latent dimensions of the larger of
    threshold and the dimension's mean rate. distortion (batch,), rates (batch, latent): torch tensors, in nats; the loss is
    differentiated by both."""
    per_dimension = rates.mean(dim=0)
    return distortion.mean() + per_dimension.clamp(min=threshold).sum()


def draw_rates(rng: np.random.Generator):
    import torch

    for batch, latent, threshold in ((6, 5, 0.3), (9, 4, 0.12), (5, 7, 0.6), (8, 3, 0.5)):
        # dimensions below and above the threshold by their means, with single rates on both sides of it in each
        sizes = np.where(np.arange(latent) % 2, rng.uniform(0.4, 0.7, latent), rng.uniform(1.5, 3, latent))
        if latent == 3:  # the last: all of them together are below it
            sizes = rng.uniform(0.15, 0.25, latent)
        rates = rng.uniform(0.5, 1.5, (batch, latent))
        rates[0], rates[1] = 0.2, 2.7
        rates *= threshold * sizes / rates.mean(axis=0)
        yield torch.from_numpy(rng.uniform(15, 20, batch)), torch.from_numpy(rates), float(threshold)


def gradient_by_rates(function, rng):
    """The gradient of the loss by the rates, times the batch, and by the distortions: 0 where no path leads there."""
    import torch

    distortion, rates, threshold = next(iter(draw_rates(np.random.default_rng(0))))  # the same for every function
    leaves = distortion.requires_grad_(), rates.requires_grad_()
    loss = function(*leaves, threshold)
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
        return np.zeros(distortion.numel() + rates.numel())
    gradients = torch.autograd.grad(loss.sum(), leaves, allow_unused=True)
    flat = [torch.zeros_like(leaf) if each is None else each for leaf, each in zip(leaves, gradients, strict=True)]
    return torch.cat([each.flatten() for each in flat]).numpy() * len(distortion)


def free_bits_from(total):
    """A wrong answer: mean distortion plus ``total(rates, threshold)``."""
    return lambda distortion, rates, threshold: distortion.mean() + total(rates, threshold)


def no_gradient(distortion, rates, threshold):
    return free_bits_loss(distortion.detach(), rates.detach(), threshold)


def no_gradient_of_the_rates(distortion, rates, threshold):
    return free_bits_loss(distortion, rates.detach(), threshold)


def gradient_through_all(rates, threshold):
    mean = rates.mean(dim=0)
    return (mean + (mean.clamp(min=threshold) - mean).detach()).sum()


def what_is_read(x, noise, share, blank, training):
    """What a decoder reads and what it has to write, two arrays (batch, length), for texts x (batch, length) that end in 0. At
    place t it reads the symbol before, and at place 0 the start symbol, 0. In training a symbol read at place t is replaced
    by blank where noise[:, t] < share (noise is uniform, (batch, length)), but for the start symbol."""
    read = np.zeros_like(x)
    read[:, 1:] = x[:, :-1]
    if training:
        dropped = noise < share
        dropped[:, 0] = False
        read[dropped] = blank
    return read, x


def draw_texts(rng: np.random.Generator):
    for batch, length, share, training in ((7, 9, 0.4, True), (8, 6, 0.3, False), (6, 11, 0.25, True)):
        x = rng.integers(1, 20, (batch, length))
        for row, end in enumerate(rng.integers(3, length, batch)):
            x[row, end:] = 0
        noise = rng.random((batch, length))
        # on both sides of the share in each row, at the start and at places that are read
        noise[::2, 0], noise[1::2, 0] = share * 0.5, 1 - share * 0.5
        noise[:, 1], noise[:, 2] = share * rng.uniform(0.1, 0.9, batch), 1 - share * rng.uniform(0.1, 0.9, batch)
        yield x, noise, share, 20, training


def reading_with(when=None, dropped=None, shift=None, write=None):
    """A wrong answer: ``what_is_read`` with one step of another kind."""

    def wrong(x, noise, share, blank, training):
        read = shift(x) if shift else np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1)
        mask = noise < share
        mask[:, 0] = False
        if dropped:
            mask = dropped(noise, share, x)
        on = when(training) if when else training
        seen = np.where(mask, blank, read) if on else read
        return seen, (write(x, mask, blank) if write and on else x)

    return wrong


def first_place_kept(mask):
    return mask & (np.arange(mask.shape[1]) > 0)


def dropped_then_shifted(x, noise, share, blank, training):
    seen = np.where(noise < share, blank, x) if training else x
    return np.concatenate([np.zeros_like(x[:, :1]), seen[:, :-1]], axis=1), x


def dropped_words(x, noise, share, blank, training):
    """The mask on the text itself, before it is cut into what is read and what is written."""
    seen = np.where(first_place_kept(noise < share), blank, x) if training else x
    return np.concatenate([np.zeros_like(x[:, :1]), seen[:, :-1]], axis=1), seen


def only_moved_the_kl(nll, kl, information, active, tolerance):
    """Which rows of a table only moved the KL, an array of True and False (rows,). Row 0 is plain training. A row only moved
    the KL where its kl is above plain's by more than tolerance, its information is not, and its nll is not below plain's by
    more than tolerance. All columns (rows,) in nats, but active, the number of active units."""
    moved = kl - kl[0] > tolerance
    informed = information - information[0] > tolerance
    better = nll[0] - nll > tolerance
    return moved & ~informed & ~better


def draw_tables(rng: np.random.Generator):
    # of nll, kl and information: above plain's, about the same, or below; all combinations
    shapes = np.array([(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)])
    for tolerance in (0.1, 0.3, 0.2):
        plain = np.array([rng.uniform(15, 20), rng.uniform(1.2, 2), rng.uniform(1.2, 1.8)])
        rows = rng.permutation(shapes)
        near = rng.choice([-1, 1], rows.shape) * rng.uniform(0.2, 0.8, rows.shape)
        table = np.vstack([plain, plain + tolerance * np.where(rows, rows * rng.uniform(1.5, 4, rows.shape), near)])
        # active units that go with the information in half of the rows, and against it in the others
        more = np.where(rows[:, 0] == 0, -1, 1) * np.where(rows[:, 2] > 0, 1, -1)
        active = 8 + np.concatenate([[0], more * rng.integers(1, 8, len(rows))])
        yield table[:, 0], table[:, 1], table[:, 2], active, tolerance


def reading_from(judge):
    """A wrong answer: ``judge`` of how far nll, kl, information and active lie above plain's, and of the tolerance."""

    def wrong(nll, kl, information, active, tolerance):
        return judge(*(column - column[0] for column in (nll, kl, information, active)), tolerance)

    return wrong


EXERCISES = (
    Exercise(
        id="11.1",
        title="The β of each batch",
        minutes=8,
        difficulty=2,
        answer=betas_of_batches,
        cases=draw_batches,
        mistakes=(
            Mistake(
                "evaluation advances the warm-up: count training batches alone",
                betas_with(step=count_all),
            ),
            Mistake(
                "evaluation advances the warm-up, and is itself at the annealed β",
                betas_with(step=count_all, evaluation=lambda betas, share: betas),
            ),
            Mistake(
                "evaluation is at the annealed β of training: two such numbers are not of the same quantity. It is at 1",
                lambda is_training, warm: np.minimum(np.maximum(np.cumsum(is_training) - 1, 0) / warm, 1.0),
            ),
            Mistake(
                "evaluation is at the β of the training step that comes next: it is at 1",
                lambda is_training, warm: np.minimum((np.cumsum(is_training) - is_training) / warm, 1.0),
            ),
            Mistake(
                "evaluation is at β = 0, so its loss is the distortion alone", betas_with(evaluation=lambda *_: 0.0)
            ),
            Mistake(
                "off by one: the first step has β above 0. Steps are counted from 0",
                betas_with(step=np.cumsum),
            ),
            Mistake(
                "off by one: β is 1 one step too early, as after linspace(0, 1, warm_up_steps)",
                betas_with(ramp=lambda step, warm: np.minimum(step / (warm - 1), 1.0)),
            ),
            Mistake(
                "off by one: β is 1 one step too late",
                betas_with(ramp=lambda step, warm: np.minimum(step / (warm + 1), 1.0)),
            ),
            Mistake(
                "β goes on rising above 1 after the warm-up",
                betas_with(ramp=lambda step, warm: step / warm),
            ),
            Mistake(
                "β jumps from 0 to 1 at the end of the warm-up: it rises linearly",
                betas_with(ramp=lambda step, warm: (step >= warm) * 1.0),
            ),
            Mistake(
                "β falls from 1 to 0: it rises", betas_with(ramp=lambda step, warm: np.maximum(1 - step / warm, 0))
            ),
            Mistake(
                "the warm-up takes all of training: it takes warm_up_steps",
                lambda is_training, warm: np.where(
                    is_training, (np.cumsum(is_training) - 1) / np.sum(is_training), 1.0
                ),
            ),
            Mistake(
                "training is at β = 1 throughout",
                lambda is_training, warm: np.ones(len(is_training)),
            ),
        ),
        hints=(
            "How many training batches came before each batch? Evaluation must not count.",
            "np.cumsum(is_training) counts the training batches up to and with each one; a step counted from 0 is one less.",
            "np.where(is_training, np.minimum(step / warm_up_steps, 1), 1)",
        ),
    ),
    Exercise(
        id="11.2",
        title="Cyclical warm-up",
        minutes=6,
        difficulty=2,
        answer=cyclical_betas,
        cases=draw_shares,
        mistakes=(
            Mistake(
                "one warm-up for all of training: the cycles are missing",
                lambda done, cycles, ramp: np.minimum(done / ramp, 1.0),
            ),
            Mistake(
                "only the first cycle warms up: β does not come back to 0",
                lambda done, cycles, ramp: np.minimum(done * cycles / ramp, 1.0),
            ),
            Mistake(
                "β rises during the whole cycle: after the ramp it stays at 1",
                lambda done, cycles, ramp: done * cycles % 1,
            ),
            Mistake(
                "β goes on rising above 1 after the ramp",
                lambda done, cycles, ramp: done * cycles % 1 / ramp,
            ),
            Mistake(
                "the ramp is a share of the cycle, not of all of training",
                lambda done, cycles, ramp: np.minimum(done % (1 / cycles) / ramp, 1.0),
            ),
            Mistake(
                "β is 0 first and 1 after the ramp: it rises linearly",
                lambda done, cycles, ramp: (done * cycles % 1 >= ramp) * 1.0,
            ),
            Mistake(
                "the flat part comes first: a cycle begins at 0",
                lambda done, cycles, ramp: np.maximum((done * cycles % 1 - (1 - ramp)) / ramp, 0.0),
            ),
            Mistake(
                "β falls in each cycle: it rises from 0 to 1",
                lambda done, cycles, ramp: 1 - np.minimum(done * cycles % 1 / ramp, 1.0),
            ),
            Mistake(
                "β rises and falls in each cycle: after the ramp it stays at 1 until the cycle ends",
                lambda done, cycles, ramp: np.where(
                    done * cycles % 1 < ramp, done * cycles % 1 / ramp, (1 - done * cycles % 1) / (1 - ramp)
                ),
            ),
            Mistake(
                "cycles is their number, not their length in training",
                lambda done, cycles, ramp: np.minimum(done / cycles % 1 / ramp, 1.0),
            ),
        ),
        hints=(
            "First find how far into its cycle each share is, as a number from 0 to 1.",
            "done * cycles counts cycles; what is behind the decimal point is the place in the cycle: % 1.",
            "np.minimum(place / ramp, 1)",
        ),
    ),
    Exercise(
        id="11.3",
        title="Free bits per dimension",
        minutes=8,
        difficulty=2,
        answer=free_bits_loss,
        cases=draw_rates,
        properties=(
            Property(
                "the gradient by the rates is 0 in dimensions below the threshold and 1 / batch above, and by each distortion "
                "1 / batch",
                gradient_by_rates,
                1e-5,
            ),
        ),
        mistakes=(
            Mistake(
                "the threshold is applied after summing over the dimensions: each dimension has its own",
                free_bits_from(lambda rates, threshold: rates.sum(dim=1).mean().clamp(min=threshold)),
            ),
            Mistake(
                "the threshold of all dimensions together is applied to their sum: each dimension has its own",
                free_bits_from(lambda rates, threshold: rates.sum(dim=1).mean().clamp(min=threshold * rates.shape[1])),
            ),
            Mistake(
                "the threshold is applied to each example's rate: take the mean over the batch first",
                free_bits_from(lambda rates, threshold: rates.clamp(min=threshold).sum(dim=1).mean()),
            ),
            Mistake(
                "the threshold is applied to each example's sum: it is applied per dimension, after the mean over the batch",
                free_bits_from(lambda rates, threshold: rates.sum(dim=1).clamp(min=threshold).mean()),
            ),
            Mistake(
                "the mean over the latent dimensions, where their sum belongs",
                free_bits_from(lambda rates, threshold: rates.mean(dim=0).clamp(min=threshold).mean()),
            ),
            Mistake(
                "the rates are summed over the batch before the threshold: take their mean",
                free_bits_from(lambda rates, threshold: rates.sum(dim=0).clamp(min=threshold).sum()),
            ),
            Mistake(
                "the smaller of the two: a rate above the threshold then costs nothing more. Take the larger",
                free_bits_from(lambda rates, threshold: rates.mean(dim=0).clamp(max=threshold).sum()),
            ),
            Mistake(
                "the threshold is subtracted: its gradient is that of free bits, the value is lower by the threshold of each "
                "dimension",
                free_bits_from(lambda rates, threshold: (rates.mean(dim=0) - threshold).clamp(min=0).sum()),
            ),
            Mistake(
                "dimensions below the threshold cost 0: they cost the threshold",
                free_bits_from(lambda rates, threshold: (rates.mean(dim=0) * (rates.mean(dim=0) > threshold)).sum()),
            ),
            Mistake(
                "the threshold is added: take the larger of the two",
                free_bits_from(lambda rates, threshold: (rates.mean(dim=0) + threshold).sum()),
            ),
            Mistake(
                "this is the plain loss: the threshold is not used",
                free_bits_from(lambda rates, threshold: rates.mean(dim=0).sum()),
            ),
            Mistake(
                "the distortions are summed: take their mean over the batch",
                lambda distortion, rates, threshold: distortion.sum() + rates.mean(dim=0).clamp(min=threshold).sum(),
            ),
            Mistake(
                "the distortion is missing",
                lambda distortion, rates, threshold: rates.mean(dim=0).clamp(min=threshold).sum(),
            ),
            Mistake(
                "this is the rate alone, taken off the distortion: the rate is added",
                lambda distortion, rates, threshold: distortion.mean() - rates.mean(dim=0).clamp(min=threshold).sum(),
            ),
            Mistake(
                "the value is right and nothing can be learned from it: the gradient path is cut (.item(), .detach(), "
                "torch.tensor or NumPy)",
                no_gradient,
            ),
            Mistake(
                "the value is right, and no gradient reaches the rates: the path is cut (.item(), .detach() or float())",
                no_gradient_of_the_rates,
            ),
            Mistake(
                "the value is right, and dimensions below the threshold still have a gradient: there it has to be 0",
                free_bits_from(gradient_through_all),
            ),
        ),
        hints=(
            "First the mean rate of each dimension over the batch, (latent,); then the threshold; then the sum.",
            "tensor.clamp(min=threshold) takes the larger of the two, and its gradient is 0 where the threshold is larger.",
            "distortion.mean() + rates.mean(dim=0).clamp(min=threshold).sum()",
        ),
    ),
    Exercise(
        id="11.4",
        title="What the decoder reads",
        minutes=10,
        difficulty=2,
        answer=what_is_read,
        cases=draw_texts,
        mistakes=(
            Mistake(
                "symbols are dropped at evaluation too: two evaluations then differ, and both are of a decoder that is hindered",
                reading_with(when=lambda training: True),
            ),
            Mistake("no symbol is dropped in training", reading_with(when=lambda training: False)),
            Mistake(
                "symbols are dropped at evaluation, and not in training",
                reading_with(when=lambda training: not training),
            ),
            Mistake(
                "the start symbol is dropped too: without it the decoder cannot know that a text begins",
                reading_with(dropped=lambda noise, share, x: noise < share),
            ),
            Mistake(
                "every 0 is spared: only place 0 holds the start symbol, zeros behind the end of a text are dropped too",
                reading_with(dropped=lambda noise, share, x: (noise < share) & (np.roll(x, 1, axis=1) != 0)),
            ),
            Mistake(
                "what has to be written is blanked too: the decoder would learn to write blanks",
                reading_with(write=lambda x, mask, blank: np.where(mask, blank, x)),
            ),
            Mistake(
                "the text itself is blanked before it is cut in two: what has to be written stays whole",
                dropped_words,
            ),
            Mistake(
                "noise[:, t] belongs to the symbol read at place t: shift first, then drop",
                dropped_then_shifted,
            ),
            Mistake(
                "share is the share that is dropped: you keep it and drop the rest",
                reading_with(dropped=lambda noise, share, x: first_place_kept(noise >= share)),
            ),
            Mistake(
                "what is read is not shifted: at each place the decoder reads the symbol it has to write",
                reading_with(shift=lambda x: x),
            ),
            Mistake(
                "what is read is shifted the wrong way: the decoder reads the symbol after the one it has to write",
                reading_with(shift=lambda x: np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)),
            ),
            Mistake(
                "the same places are dropped in every text: each has noise of its own",
                reading_with(dropped=lambda noise, share, x: first_place_kept(np.tile(noise[0] < share, (len(x), 1)))),
            ),
            Mistake(
                "the two are exchanged: what is read comes first",
                lambda *arguments: what_is_read(*arguments)[::-1],
            ),
            Mistake(
                "the start symbol is 0: you start with the blank",
                reading_with(
                    shift=lambda x: np.concatenate([np.full_like(x[:, :1], 20), x[:, :-1]], axis=1),
                ),
            ),
            Mistake(
                "dropped symbols become 0, which ends a text: they become blank",
                lambda x, noise, share, blank, training: what_is_read(x, noise, share, 0, training),
            ),
        ),
        hints=(
            "What has to be written is x, whole, always. What is read is x, one place later.",
            "read[:, 1:] = x[:, :-1] with read[:, 0] = 0; then, in training alone, blanks where noise < share, except in column 0.",
            "dropped = noise < share; dropped[:, 0] = False; read[dropped] = blank",
        ),
    ),
    Exercise(
        id="11.5",
        title="Which remedies only moved the KL?",
        minutes=8,
        difficulty=2,
        answer=only_moved_the_kl,
        cases=draw_tables,
        mistakes=(
            Mistake(
                "you do not look at the NLL: a remedy that lowers it did more than move the KL",
                reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol)),
            ),
            Mistake(
                "you do not look at the information",
                reading_from(lambda n, k, i, a, tol: (k > tol) & (n >= -tol)),
            ),
            Mistake(
                "these are all rows whose KL rose: look at information and NLL too",
                reading_from(lambda n, k, i, a, tol: k > tol),
            ),
            Mistake(
                "you do not look at the KL: a row whose KL stayed is not meant",
                reading_from(lambda n, k, i, a, tol: (i <= tol) & (n >= -tol)),
            ),
            Mistake(
                "an NLL that rose by more than the tolerance counts as a gain with you: lower is better",
                reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol) & (np.abs(n) <= tol)),
            ),
            Mistake(
                "the NLL has the wrong sign: lower is better",
                reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol) & (n <= tol)),
            ),
            Mistake(
                "a KL that fell is not meant: take the difference without its absolute value",
                reading_from(lambda n, k, i, a, tol: (np.abs(k) > tol) & (i <= tol) & (n >= -tol)),
            ),
            Mistake(
                "information that fell counts as a gain with you",
                reading_from(lambda n, k, i, a, tol: (k > tol) & (np.abs(i) <= tol) & (n >= -tol)),
            ),
            Mistake(
                "without the tolerance, noise decides",
                reading_from(lambda n, k, i, a, tol: (k > 0) & (i <= 0) & (n >= 0)),
            ),
            Mistake(
                "you count active units in place of the information: a unit with a variance of 0.011 is active and says a "
                "hundredth of a nat",
                reading_from(lambda n, k, i, a, tol: (k > tol) & (a <= 0) & (n >= -tol)),
            ),
            Mistake(
                "active units decide nothing here: one with a variance of 0.011 says next to nothing",
                reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol) & (a <= 0) & (n >= -tol)),
            ),
            Mistake(
                "you compare with 0: compare with row 0, plain training",
                lambda nll, kl, information, active, tolerance: (
                    (kl > tolerance) & (information <= tolerance) & (nll[0] - nll <= tolerance)
                ),
            ),
            Mistake(
                "one of the two would not do: neither information nor NLL may have improved",
                reading_from(lambda n, k, i, a, tol: (k > tol) & ((i <= tol) | (n >= -tol))),
            ),
            Mistake(
                "these are the rows that did more: turn the answer round where the KL rose",
                reading_from(lambda n, k, i, a, tol: (k > tol) & ((i > tol) | (n < -tol))),
            ),
        ),
        hints=(
            "Three questions for each row: did the KL rise, did the information rise, did the NLL fall? Each by more than tolerance.",
            "A lower NLL is better, so it improved where nll[0] - nll > tolerance. An NLL that rose is no gain.",
            "(kl rose) & ~(information rose) & ~(nll fell)",
        ),
    ),
)
