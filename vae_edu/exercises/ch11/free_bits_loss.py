"""Exercise 11.3: free bits per dimension."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property


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


EXERCISE = Exercise(
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
)
