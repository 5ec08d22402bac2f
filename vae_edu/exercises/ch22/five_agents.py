"""What was measured of the five agents of exercise 22.4, by ``vae_edu.experiments.five_agents``. Look at the numbers, not at that file."""

__all__ = ["AGENTS", "COLUMNS"]

COLUMNS = (
    "score where it was trained",
    "the same after 4 × the generations",
    "score in reality",
    "lost at the edge, %",
    "R² of the position",
    "R² of the angle",
)
AGENTS: dict[str, list[float]] = {
    "A": [14.2, 15.2, 14.2, 1.0, 0.99, 1.0],
    "B": [91.2, 88.7, 46.6, 99.0, 0.99, 1.0],
    "C": [79.6, 81.2, 79.6, 53.0, 0.21, 1.0],
    "D": [2.1, 2.1, 4.9, 0.0, 0.99, 1.0],
    "E": [37.4, 98.8, 37.4, 12.0, 0.99, 1.0],
}
