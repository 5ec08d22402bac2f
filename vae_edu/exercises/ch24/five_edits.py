"""Five edits to be examined in exercise 24.4. Look at the measurements, not at this file."""

__all__ = ["COLUMNS", "EDITS"]

# Changes are means over small test images, in units of the distance between both groups. The first column is the length of the vector
# over the mean length of the codes; the second is the root mean square change by a vector of zeros; the last is a standard deviation.
COLUMNS = ["length", "change by zeros", "size", "position x", "position y", "angle", "sd of angle"]
EDITS: dict[str, list[float]] = {
    "A": [0.43, 0.0, 0.43, -0.04, -0.02, 0.02, 0.19],
    "B": [0.91, 0.0, 0.87, -0.05, -0.07, -0.02, 0.26],
    "C": [1.02, 0.0, 0.93, 0.02, 0.58, 0.05, 0.27],
    "D": [0.91, 0.1, 0.89, -0.06, -0.07, 0.01, 0.35],
    "E": [0.94, 0.0, 0.88, 0.63, -0.04, 0.0, 0.28],
}
