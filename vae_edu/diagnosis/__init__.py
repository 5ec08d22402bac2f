"""Tools for a training that goes wrong. ``diagnose`` examines a model with its objective, data and optimizer, and prints what is
wrong; the other functions are single instruments of it."""

from vae_edu.diagnosis.bench import Watch, patched
from vae_edu.diagnosis.examine import diagnose
from vae_edu.diagnosis.guard import guard
from vae_edu.diagnosis.loss_checks import expected_loss
from vae_edu.diagnosis.model_checks import activation_statistics, logvar_range
from vae_edu.diagnosis.report import Finding, Report
from vae_edu.diagnosis.training_checks import gradient_norms, learning_rate_range, overfit_one_batch

__all__ = [
    "Finding",
    "Report",
    "Watch",
    "activation_statistics",
    "diagnose",
    "expected_loss",
    "gradient_norms",
    "guard",
    "learning_rate_range",
    "logvar_range",
    "overfit_one_batch",
    "patched",
]
