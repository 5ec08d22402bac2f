"""``python -m vae_edu`` is the command ``vae-edu``."""

from vae_edu.course.cli import app

app(prog_name="vae-edu")
