"""Exercises of notebook 15: better posteriors and priors. One file each."""

from vae_edu.exercises.ch15 import coupling_log_prob, name_the_flows, planar_flow

EXERCISES = (planar_flow.EXERCISE, coupling_log_prob.EXERCISE, name_the_flows.EXERCISE)
