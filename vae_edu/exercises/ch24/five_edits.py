"""Five edits to be examined in exercise 24.4. Look at the measurements, not at this file."""

__all__ = ["COLUMNS", "EDITS"]

# Changes are means over small test images, in units of the distance between both groups; the first is the length of the vector over the mean
# length of the codes; the second is the root mean square change by a vector of zeros; the last is a standard deviation.
COLUMNS = ["length", "change by zeros", "size", "position x", "position y", "angle", "sd of angle"]
EDITS: dict[str, list[float]] = {
    "A": [0.0] * 7,
    "B": [0.0] * 7,
    "C": [0.0] * 7,
    "D": [0.0] * 7,
    "E": [0.0] * 7,
}
