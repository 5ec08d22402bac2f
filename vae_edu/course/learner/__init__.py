"""For who learns: JupyterLab opened on the first notebook, a check of the machine, the learner's own copies."""
