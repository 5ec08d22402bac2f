"""Worlds for an agent, with gymnasium's API. They show the agent pixels, which NumPy draws, and run thousands of steps a second."""
