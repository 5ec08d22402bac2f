"""Answers to exercises of notebook 25 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""


def one_minus_squared_root(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s.unsqueeze(1), logsnr_t.unsqueeze(1)
    a_s, a_t = s.sigmoid() ** 0.5, t.sigmoid() ** 0.5
    v_s, v_t = 1 - a_s**2, 1 - a_t**2
    ratio = a_t / a_s
    step = v_t - ratio**2 * v_s
    return ratio * v_s / v_t * z + a_s * step / v_t * x, v_s * step / v_t


RIGHT = {}
WRONG = {"25.1": [one_minus_squared_root]}
HARMLESS = set()
HEARS = {"25.1": {"one_minus_squared_root": "1 − α² rounds to 0"}}
