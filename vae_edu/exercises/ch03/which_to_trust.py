"""Exercise 3.3: which estimates of log p(x) to trust, from how their effective sample sizes grow."""

from itertools import product

from vae_edu.exercises.record import Exercise, Mistake


def which_to_trust():
    """What applies to A, B, C, D and E, in this order; 0 means trust. Five whole numbers."""
    # B and D: the fraction of effective samples is small but constant, and the two agree.
    # A: the fraction is large and constant, but the estimate is below theirs, so q misses a part of the posterior.
    # C: in each run the effective sample size falls back at some S, since rare samples from q's thin tails get huge weights.
    # E: the effective sample size stays near 1, however many samples are taken.
    return 2, 0, 3, 0, 1


RIGHT = which_to_trust()
# What speaks against each number that is not right.
AGAINST = {
    "A": {
        0: "its estimate is steady, and yet far below two others that are steady as well. Which way do such estimates fail?",
        1: "with hardly any mass in the right place, its effective sample size would be near 1",
        3: "with tails that are too thin, its effective sample size would fall back at some S",
        4: "without the division, its estimate would rise by log 10 = 2.3 nats for each factor of 10 in S",
        5: "a wide q has a small fraction of effective samples, and A has the largest of all",
    },
    "B": {
        1: "with hardly any mass in the right place, its effective sample size would stay near 1, and here it grows with S",
        2: "if it missed a part, its estimate would be below that of every q which does not; compare it with the others",
        3: "with tails that are too thin, its effective sample size would fall back at some S, and here it grows evenly",
        4: "without the division, its estimate would rise by log 10 = 2.3 nats for each factor of 10 in S",
        5: "a q that is too wide wastes samples, but how many are left, of 100,000?",
    },
    "C": {
        0: "in each run its effective sample size falls back while S grows: a huge weight has arrived, and larger ones may follow",
        1: "with hardly any mass in the right place, its effective sample size would stay near 1 from the start",
        2: "that would be a constant fraction of effective samples, and here the effective sample size falls back while S grows",
        4: "without the division, its estimate would rise by log 10 = 2.3 nats for each factor of 10 in S",
        5: "a q that is too wide wastes a constant fraction of its samples, and here the effective sample size falls back while S grows",
    },
    "D": {
        1: "with hardly any mass in the right place, its effective sample size would stay near 1, and here it grows with S",
        2: "if it missed a part, its estimate would be below that of every q which does not; compare it with the others",
        3: "with tails that are too thin, its effective sample size would fall back at some S, and here it grows evenly",
        4: "without the division, its estimate would rise by log 10 = 2.3 nats for each factor of 10 in S",
        5: "a q that is too wide wastes samples, but how many are left, of 100,000?",
    },
    "E": {
        0: "its effective sample size is a handful, whatever S is",
        2: "that would be a constant fraction of effective samples, and here the number itself stays near 1",
        3: "nearly right: but with tails that are too thin, the first samples look good, and here they do not",
        4: "without the division, its estimate would rise by log 10 = 2.3 nats for each factor of 10 in S, and evenly",
        5: "a q that is too wide still covers the posterior, so its effective sample size grows with S",
    },
}


# Wrong answers with one number wrong, and those with more that readers give.
ONE_WRONG = [
    tuple(number if place == at else right for at, right in enumerate(RIGHT))
    for place in range(5)
    for number in range(6)
]
SEVERAL_WRONG = [
    (a, b, c, d, e)
    for a, (b, d), c, e in product((0, 2), ((0, 0), (5, 5), (5, 0), (0, 5), (2, 2)), (0, 3), (1, 3))
    if (a, b, c, d, e) != RIGHT
]


def told(given) -> str:
    """One sentence for each wrong number, two at most: more would be a list to tick off."""
    wrong = [
        f"{letter}: {AGAINST[letter][number]}"
        for letter, number, right in zip("ABCDE", given, RIGHT, strict=True)
        if number != right
    ]
    return " ".join(sentence if sentence.endswith("?") else sentence + "." for sentence in wrong[:2])


EXERCISE = Exercise(
    id="3.3",
    title="Which estimates can be trusted?",
    minutes=10,
    difficulty=2,
    answer=which_to_trust,
    cases=lambda rng: [()],
    mistakes=tuple(
        Mistake(told(given), lambda given=given: given)
        for given in dict.fromkeys(ONE_WRONG + SEVERAL_WRONG)
        if given != RIGHT
    ),
    otherwise="not all five are right. First sort them: for which does the effective sample size grow in proportion to S?",
    hints=(
        "If the samples have already met the largest weights that matter, what happens to the effective sample size when S "
        "grows tenfold? For which of the five does it happen, in each of the three runs?",
        "Three estimates are steady, and they do not agree. An average of weights lacks what q never visits: is it then too "
        "low, or too high?",
        "Two of the five can be trusted, and they need not have the largest effective sample size.",
    ),
)
