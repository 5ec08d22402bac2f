"""Exercise 15.1: a planar flow with its log-determinant."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, Property, slip


def planar_flow(z, u, w, b):
    """Planar steps one after another: torch tensors z (batch, latent), u and w (batch, steps, latent), b (batch, steps). Returns the new
    z (batch, latent) and log |det ∂new/∂old| (batch,), in nats."""
    import torch

    log_det = torch.zeros_like(z[:, 0])
    for k in range(u.shape[1]):
        along = (w[:, k] * u[:, k]).sum(dim=1)
        push = (torch.nn.functional.softplus(along) - 1 - along) / (w[:, k] ** 2).sum(dim=1)
        bent_u = u[:, k] + push[:, None] * w[:, k]
        h = torch.tanh((w[:, k] * z).sum(dim=1) + b[:, k])
        z = z + bent_u * h[:, None]
        log_det = log_det + torch.log1p((1 - h**2) * (w[:, k] * bent_u).sum(dim=1))
    return z, log_det


def corrected(u, w):
    import torch

    along = (w * u).sum(dim=1, keepdim=True)
    return u + (torch.nn.functional.softplus(along) - 1 - along) * w / (w**2).sum(dim=1, keepdim=True)


def without_square(u, w):
    import torch

    along = (w * u).sum(dim=1, keepdim=True)
    return u + (torch.nn.functional.softplus(along) - 1 - along) * w / (w**2).sum(dim=1, keepdim=True).sqrt()


def without_one(u, w):
    import torch

    along = (w * u).sum(dim=1, keepdim=True)
    return u + (torch.nn.functional.softplus(along) - along) * w / (w**2).sum(dim=1, keepdim=True)


def undivided(u, w):
    import torch

    along = (w * u).sum(dim=1, keepdim=True)
    return u + (torch.nn.functional.softplus(along) - 1 - along) * w


def target_added(u, w):
    import torch

    along = (w * u).sum(dim=1, keepdim=True)
    return u + (torch.nn.functional.softplus(along) - 1) * w / (w**2).sum(dim=1, keepdim=True)


def numbers_of_the_first(z, u, w, b):
    return planar_flow(z, *(each[:1].expand_as(each) for each in (u, w, b)))


def along_w(z, w, b):
    return (w * z).sum(dim=1, keepdim=True) + b[:, None]


def determinant(slope, w, u):
    return 1 + slope * (w * u).sum(dim=1)


def diagonal_only(slope, w, u):
    return (1 + slope[:, None] * w * u).prod(dim=1)


def flow_with(
    *,
    correct=corrected,
    in_det=None,
    slope=lambda h: 1 - h**2,
    det=determinant,
    log=lambda value: value.abs().log(),
    order=range,
    add=lambda total, gained: total + gained,
    at=lambda old, new: old,
    base=lambda first, z: z,
    shift=lambda b: b,
    give=lambda z, log_det: (z, log_det),
):
    """The model answer, put together from its parts."""

    def flow(z, u, w, b):
        import torch

        first, total = z, torch.zeros_like(z[:, 0])
        for k in order(u.shape[1]):
            bent_u = correct(u[:, k], w[:, k])
            old, inputs = z, base(first, z)
            z = old + bent_u * torch.tanh(along_w(inputs, w[:, k], shift(b[:, k])))
            h = torch.tanh(along_w(at(inputs, z), w[:, k], shift(b[:, k]))).squeeze(1)
            used = bent_u if in_det is None else in_det(u[:, k], w[:, k])
            total = add(total, log(det(slope(h), w[:, k], used)))
        return give(z, total)

    return flow


def by_jacobians(z, u, w, b):
    """The determinant of each step's Jacobian, written out."""
    import torch

    total = 0
    for uk, wk, bk in zip(u.unbind(1), w.unbind(1), b.unbind(1), strict=True):
        uk = corrected(uk, wk)
        h = torch.tanh(torch.einsum("bi,bi->b", wk, z) + bk)
        eye = torch.eye(z.shape[1], dtype=z.dtype)
        jacobian = eye + torch.einsum("bi,bj,b->bij", uk, wk, 1 - h**2)
        total = total + torch.linalg.slogdet(jacobian).logabsdet
        z = z + uk * h[:, None]
    return z, total


def draw_cases(rng: np.random.Generator):
    """Several steps, one step, one latent, a batch of one; u that has to be corrected strongly (wᵀu far below −1), and steps in which tanh
    is nearly flat."""
    import torch

    for batch, steps, latent, scale in ((5, 3, 2, 1.0), (4, 1, 3, 1.0), (6, 2, 1, 1.0), (1, 4, 2, 0.7), (3, 2, 4, 2.0)):
        z, u, w, b = (
            torch.from_numpy(scale * rng.normal(size=shape))
            for shape in ((batch, latent), (batch, steps, latent), (batch, steps, latent), (batch, steps))
        )
        w = w + 0.3 * w.sign()  # away from 0
        if scale == 2.0:
            u[0, 0] = -2 * w[0, 0]
        yield z, u, w, b


def gradients(function, rng):
    """The gradient of the sum of all outputs with respect to u, w and b; 0 where no path leads there."""
    import torch

    z, u, w, b = next(iter(draw_cases(np.random.default_rng(0))))
    leaves = [each.requires_grad_() for each in (u, w, b)]
    outputs = function(z, *leaves)
    total = sum(each.sum() for each in outputs) if isinstance(outputs, tuple | list) else outputs
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return np.zeros(sum(each.numel() for each in leaves))
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    flat = [torch.zeros_like(leaf) if each is None else each for leaf, each in zip(leaves, found, strict=True)]
    return torch.cat([each.flatten() for each in flat]).numpy()


def no_gradient(z, u, w, b):
    return planar_flow(z, u.detach(), w.detach(), b.detach())


EXERCISE = Exercise(
    id="15.1",
    title="A planar flow",
    minutes=20,
    difficulty=3,
    answer=planar_flow,
    cases=draw_cases,
    properties=(
        Property(
            "the gradient of the outputs with respect to u, w and b, by which the flow is trained", gradients, 1e-6
        ),
    ),
    also_right=(by_jacobians, flow_with()),
    mistakes=(
        slip(
            "the derivative of tanh is missing from the determinant: it is 1 − tanh²",
            flow_with,
            slope=lambda h: 0 * h + 1,
        ),
        slip("the determinant has tanh itself where its derivative belongs, 1 − tanh²", flow_with, slope=lambda h: h),
        slip("the derivative of tanh is 1 − tanh², not 1 − tanh", flow_with, slope=lambda h: 1 - h),
        slip("z moves by û, but the determinant has u: use û in both", flow_with, in_det=lambda u, w: u),
        slip("u is not corrected: û has wᵀû > −1, and u may not", flow_with, correct=lambda u, w: u),
        slip("λ divides by the length of w: divide by its square", flow_with, correct=without_square),
        slip("λ is not divided: divide by wᵀw, so that wᵀû = softplus(wᵀu) − 1", flow_with, correct=undivided),
        slip(
            "λ lacks −wᵀu: as û = u + λ·w has wᵀu already, λ adds what is missing to softplus(wᵀu) − 1",
            flow_with,
            correct=target_added,
        ),
        *(  # without the correction 1 + … may be negative, and its logarithm NaN
            Mistake(message, flow_with(correct=correct, log=lambda value: value.log()))
            for message, correct in (
                ("u is not corrected: û has wᵀû > −1, and u may not", lambda u, w: u),
                ("λ is not divided: divide by wᵀw, so that wᵀû = softplus(wᵀu) − 1", undivided),
                (
                    "λ lacks −wᵀu: as û = u + λ·w has wᵀu already, λ adds what is missing to softplus(wᵀu) − 1",
                    target_added,
                ),
            )
        ),
        any_of(
            "the determinant has û, but z moves by u: use û in both",
            flow_with(correct=lambda u, w: u, in_det=corrected),
        ),
        slip("b is not used: the bend is tanh(wᵀz + b)", flow_with, shift=lambda b: 0 * b),
        any_of(
            "all examples get the u, w and b of the first: each has its own",
            numbers_of_the_first,
        ),
        slip("the −1 beside the softplus is missing: wᵀû = softplus(wᵀu) − 1", flow_with, correct=without_one),
        slip(
            "you multiply the diagonal entries of the Jacobian, but it is not diagonal: use the determinant lemma",
            flow_with,
            det=diagonal_only,
        ),
        slip("the determinant is right, but its logarithm is wanted", flow_with, log=lambda value: value),
        slip("the log-determinant has the wrong sign: that of the inverse", flow_with, log=lambda value: -value.log()),
        slip(
            "only the last step's log-determinant is there: add up all steps",
            flow_with,
            add=lambda total, gained: gained,
        ),
        slip(
            "the derivative is taken where the step ends: take it where the step begins",
            flow_with,
            at=lambda old, new: new,
        ),
        slip("the steps are taken from the last to the first", flow_with, order=lambda steps: reversed(range(steps))),
        slip(
            "each step looks at the first z: it has to look at the z that the step before returned",
            flow_with,
            base=lambda first, z: first,
        ),
        slip(
            "the two results are exchanged: first z, then the log-determinant",
            flow_with,
            give=lambda z, total: (total, z),
        ),
        Mistake(
            "the value is right, but no gradient reaches u, w and b: detach, .item() or NumPy has cut the path",
            no_gradient,
        ),
    ),
    hints=(
        "Multiply û = u + λ·w by wᵀ: which λ gives the wᵀû of the text? And what is a step's Jacobian, as the identity plus something?",
        "∂/∂z of û tanh(wᵀz + b) is û times a row vector, tanh′(wᵀz + b) wᵀ. The lemma turns the determinant of I + that into one number.",
        "Inside a loop over k: h = torch.tanh((w[:, k] * z).sum(dim=1) + b[:, k]). The derivative of tanh is 1 − h². Add up logarithms.",
    ),
)
