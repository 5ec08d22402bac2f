"""Exercise 11.3: free bits for groups of latents."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, Property


def free_bits_loss(distortion, rates, threshold, groups):
    """The loss of each example with free bits, in nats: torch tensor (batch,)."""
    import torch

    one_hot = torch.nn.functional.one_hot(groups).to(rates.dtype)  # (latent, groups)
    per_group = (rates @ one_hot).mean(dim=0)  # (groups,): summed within each group, averaged over the batch
    return distortion + per_group.clamp(min=threshold).sum()


def draw_rates(rng: np.random.Generator):
    """Groups on both sides of the threshold, with single examples on the other side in each; then one group below it, a batch of one, and
    groups that are below the threshold all together; one group far above it, and two far below."""
    import torch

    for batch, groups in (
        (6, [0, 1, 2, 3, 4]),
        (9, [1, 0, 1, 2, 0, 3, 2]),
        (5, [0, 0, 0, 0]),
        (1, [0, 1, 0, 1, 2]),
        (4, [1, 0, 2]),
        (3, [2, 0, 1, 2]),
    ):
        groups = np.array(groups)
        count, threshold = groups.max() + 1, rng.uniform(0.2, 0.8)
        above = (np.arange(count) % 2 == 0) & (count > 1)
        sizes = np.where(above, rng.uniform(1.5, 3, count), rng.uniform(0.4, 0.7, count))
        if batch == 4:
            sizes = rng.uniform(0.15, 0.25, count)
        if batch == 3:
            sizes = np.array([0.1, 0.2, 2.5])
        rates = rng.uniform(0.5, 1.5, (batch, len(groups)))
        if batch > 1:
            rates[0], rates[1] = 0.15, 3.2
        for group in range(count):
            own = groups == group
            rates[:, own] *= threshold * sizes[group] / rates[:, own].sum(axis=1).mean()
        yield (
            torch.from_numpy(rng.uniform(15, 20, batch)),
            torch.from_numpy(rates),
            float(threshold),
            torch.from_numpy(groups),
        )


def gradients(function, rng):
    """The gradient of the mean loss with respect to rates and distortions, times the batch; 0 where no path leads there."""
    import torch

    distortion, rates, threshold, groups = list(draw_rates(np.random.default_rng(0)))[1]  # the same for every function
    leaves = distortion.requires_grad_(), rates.requires_grad_()
    loss = function(*leaves, threshold, groups)
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
        return np.zeros(distortion.numel() + rates.numel())
    found = torch.autograd.grad(loss.mean(), leaves, allow_unused=True)
    flat = [torch.zeros_like(leaf) if each is None else each for leaf, each in zip(leaves, found, strict=True)]
    return torch.cat([each.flatten() for each in flat]).numpy() * len(distortion)


def summed(rates, groups):
    """The rate of each group in each example, (batch, groups)."""
    import torch

    return rates @ torch.nn.functional.one_hot(groups).to(rates.dtype)


def free_bits_from(total):
    """A wrong answer: the distortion plus ``total(rates, threshold, groups)``."""
    return lambda distortion, rates, threshold, groups: distortion + total(rates, threshold, groups)


def mean_within(rates, threshold, groups):
    import torch

    one_hot = torch.nn.functional.one_hot(groups).to(rates.dtype)
    return (rates @ (one_hot / one_hot.sum(dim=0))).mean(dim=0).clamp(min=threshold).sum()


def own_rate_above(rates, threshold, groups):
    own = summed(rates, groups)
    return (own * (own.mean(dim=0) > threshold) + threshold * (own.mean(dim=0) <= threshold)).sum(dim=1)


def neighbours(rates, threshold, groups):
    """Groups of the right sizes, each of latents that stand side by side."""
    return sum(part.sum(dim=1).mean().clamp(min=threshold) for part in rates.split(groups.bincount().tolist(), dim=1))


def equal_parts(rates, threshold, groups):
    """As many parts of equal size as there are groups."""
    parts = rates.chunk(int(groups.max()) + 1, dim=1)
    return sum(part.sum(dim=1).mean().clamp(min=threshold) for part in parts)


def gradient_through_all(rates, threshold, groups):
    mean = summed(rates, groups).mean(dim=0)
    return (mean + (mean.clamp(min=threshold) - mean).detach()).sum()


def no_gradient(distortion, rates, threshold, groups):
    return free_bits_loss(distortion.detach(), rates.detach(), threshold, groups)


def no_gradient_of_the_rates(distortion, rates, threshold, groups):
    return free_bits_loss(distortion, rates.detach(), threshold, groups)


def one_number(distortion, rates, threshold, groups):
    return free_bits_loss(distortion, rates, threshold, groups).mean()


EXERCISE = Exercise(
    id="11.3",
    title="Free bits",
    minutes=15,
    difficulty=3,
    answer=free_bits_loss,
    cases=draw_rates,
    properties=(
        Property(
            "the gradient of the mean loss with respect to a rate is 0 in groups below the threshold and 1/batch above, and with "
            "respect to each distortion 1/batch",
            gradients,
            1e-5,
        ),
    ),
    mistakes=(
        Mistake(
            "the threshold is compared with each latent's rate: sum the rates of a group first",
            free_bits_from(lambda rates, threshold, groups: rates.mean(dim=0).clamp(min=threshold).sum()),
        ),
        Mistake(
            "the threshold is compared with the mean of the rates in a group: take their sum",
            free_bits_from(mean_within),
        ),
        Mistake(
            "the threshold is compared with each example's rate: take the mean over the batch before the larger of the two",
            free_bits_from(lambda rates, threshold, groups: summed(rates, groups).clamp(min=threshold).sum(dim=1)),
        ),
        Mistake(
            "the threshold is compared with each example's rate, and the mean over the batch comes last: it comes first",
            free_bits_from(
                lambda rates, threshold, groups: summed(rates, groups).clamp(min=threshold).sum(dim=1).mean()
            ),
        ),
        Mistake(
            "the threshold is compared with the rate of all latents together: each group has its own",
            free_bits_from(lambda rates, threshold, groups: rates.sum(dim=1).mean().clamp(min=threshold)),
        ),
        Mistake(
            "the rates are summed over the batch: take their mean",
            free_bits_from(
                lambda rates, threshold, groups: summed(rates, groups).sum(dim=0).clamp(min=threshold).sum()
            ),
        ),
        Mistake(
            "you take the mean over the groups: take their sum",
            free_bits_from(
                lambda rates, threshold, groups: summed(rates, groups).mean(dim=0).clamp(min=threshold).mean()
            ),
        ),
        Mistake(
            "this is the smaller of the two, so a rate above the threshold costs nothing more. Take the larger",
            free_bits_from(
                lambda rates, threshold, groups: summed(rates, groups).mean(dim=0).clamp(max=threshold).sum()
            ),
        ),
        Mistake(
            "the threshold is subtracted: the gradient is that of free bits, but a group below its threshold must cost the threshold",
            free_bits_from(
                lambda rates, threshold, groups: (summed(rates, groups).mean(dim=0) - threshold).clamp(min=0).sum()
            ),
        ),
        Mistake(
            "a group below the threshold costs 0 in your loss: it costs the threshold",
            free_bits_from(
                lambda rates, threshold, groups: (
                    (mean := summed(rates, groups).mean(dim=0)) * (mean > threshold)
                ).sum()
            ),
        ),
        Mistake(
            "the threshold is added to every rate: take the larger of the two",
            free_bits_from(lambda rates, threshold, groups: (summed(rates, groups).mean(dim=0) + threshold).sum()),
        ),
        Mistake(
            "a group above the threshold adds each example's own rate: add the mean over the batch, the same for all",
            free_bits_from(own_rate_above),
        ),
        any_of(
            "you take neighbouring latents for a group: the latents of group g are those where groups == g, in any order",
            free_bits_from(neighbours),
            free_bits_from(equal_parts),
        ),
        Mistake(
            "the last group is left out: groups are numbered from 0 to the largest number in `groups`, that one included",
            free_bits_from(
                lambda rates, threshold, groups: summed(rates, groups).mean(dim=0).clamp(min=threshold)[:-1].sum()
            ),
        ),
        Mistake(
            "the sum over the groups is divided by the batch: R_g is a mean over the batch already",
            free_bits_from(
                lambda rates, threshold, groups: (
                    summed(rates, groups).mean(dim=0).clamp(min=threshold).sum() / len(rates)
                )
            ),
        ),
        Mistake(
            "a group below the threshold costs more, the further below it is: there it costs the threshold, and no more",
            free_bits_from(
                lambda rates, threshold, groups: (
                    (summed(rates, groups).mean(dim=0) - threshold).abs() + threshold
                ).sum()
            ),
        ),
        Mistake(
            "the sum of the thresholds is compared with the rate of all latents together: each group has its own",
            free_bits_from(
                lambda rates, threshold, groups: rates.sum(dim=1).mean().clamp(min=threshold * (int(groups.max()) + 1))
            ),
        ),
        Mistake(
            "the threshold is divided among the groups: each group has all of it",
            free_bits_from(
                lambda rates, threshold, groups: (
                    summed(rates, groups).mean(dim=0).clamp(min=threshold / (int(groups.max()) + 1)).sum()
                )
            ),
        ),
        Mistake(
            "this is the distortion plus the mean rate of the batch: the threshold is not used",
            free_bits_from(lambda rates, threshold, groups: rates.mean(dim=0).sum()),
        ),
        Mistake(
            "this is the negative ELBO: the threshold is not used",
            free_bits_from(lambda rates, threshold, groups: rates.sum(dim=1)),
        ),
        Mistake("this is one number: return the loss of each example, (batch,)", one_number),
        Mistake(
            "the distortion is missing",
            lambda distortion, rates, threshold, groups: (
                0 * distortion + summed(rates, groups).mean(dim=0).clamp(min=threshold).sum()
            ),
        ),
        Mistake(
            "the rate is subtracted from the distortion: add it",
            lambda distortion, rates, threshold, groups: (
                distortion - summed(rates, groups).mean(dim=0).clamp(min=threshold).sum()
            ),
        ),
        Mistake(
            "the value is right, but no gradient flows through it: .item(), .detach(), torch.tensor or NumPy has cut the path",
            no_gradient,
        ),
        Mistake(
            "the value is right, but no gradient reaches the rates: .item(), .detach() or float() has cut the path",
            no_gradient_of_the_rates,
        ),
        Mistake(
            "the value is right, but groups below the threshold still have a gradient: there it has to be 0",
            free_bits_from(gradient_through_all),
        ),
    ),
    hints=(
        "Which of the three comes first: the sum within a group, the mean over the batch, the larger of the two?",
        "A matrix of zeros and ones (latent, groups) sums the rates within groups. tensor.clamp(min=threshold) takes the larger of two "
        "numbers; where that is the threshold, it has no gradient.",
        "per_group = (rates @ one_hot).mean(dim=0), where one_hot = torch.nn.functional.one_hot(groups).to(rates.dtype)",
    ),
)
