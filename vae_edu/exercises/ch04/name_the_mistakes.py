"""Exercise 4.4: what is wrong with each of four estimators of the ELBO."""

import itertools

from vae_edu.exercises.record import Exercise, Mistake


def name_the_mistakes():
    """The numbers of the mistakes of A, B, C and D, in this order; 0 means correct. Four integers."""
    # B is too high by half the rate: 0 where q is the prior, and its rate is averaged over two latents.
    # D is correct where q has the prior's variances, and too low by the difference of the two KLs elsewhere.
    return 0, 2, 0, 4


LETTERS = "ABCD"
NO_NUMBER, SOMETHING = -1, 1  # stand for every number that is not on the list, and for every wrong one

# What speaks against each number that is not right, for B and for D alone.
AGAINST_B = {
    0: "its estimate is far more than 4 standard errors too high at the second and the third q",
    1: "mistake 1 raises the estimate by 4.6 nats for every q, but B is within the noise in the first column",
    3: "mistake 3 lowers the estimate, but B is too high",
    4: "at the second q, mistake 4 changes nothing, but B is too high there",
    5: "at the second q, mistake 5 changes nothing, but B is too high there",
    6: "at the second q, mistake 6 lowers the estimate by more than 7 nats, because the samples lie around 0 and not around (1, 0)",
}
AGAINST_D = {
    0: "its estimate is far more than 4 standard errors too low at the third q",
    1: "mistake 1 raises the estimate by 4.6 nats for every q, but D is within the noise in the first column",
    2: "mistake 2 raises the estimate, but D is too low",
    3: "at the second q, mistake 3 lowers the estimate by the rate, 0.5 nats, but D is within the noise there",
    5: "at the third q, mistake 5 makes the samples too narrow and raises the estimate, but D is too low",
    6: "at the second q, mistake 6 lowers the estimate by more than 7 nats, because the samples lie around 0 and not around "
    "(1, 0). But D is within the noise there",
}


def what_is_told(numbers):
    """The answer as far as the message depends on it: first whether all are on the list, then A and C, then B and D."""
    if any(number not in range(7) for number in numbers):
        return tuple(0 if number in range(7) else NO_NUMBER for number in numbers)
    a, b, c, d = numbers
    if a or c:
        return SOMETHING if a else 0, b if b == 2 else SOMETHING, SOMETHING if c else 0, d if d == 4 else SOMETHING
    return a, b, c, d


def off_the_list(letters: str) -> Mistake:
    told = f"{listed(letters)}: the list has the numbers 0 to 6 and no other"
    return Mistake(told, lambda: tuple(9 if letter in letters else 0 for letter in LETTERS))


def wrong_where_nothing_is(letters: str, b_is_right: bool, d_is_right: bool) -> Mistake:
    """A or C, or both, are accused."""
    told = {
        (True, True): "The numbers of B and D are right",
        (True, False): "The number of B is right, that of D is wrong",
        (False, True): "The number of D is right, that of B is wrong",
        (False, False): "The numbers of B and D are wrong, too",
    }
    noise = f"{listed(letters)}: within the noise in every column, so that nothing speaks against {'them' if letters[1:] else 'it'}"
    numbers = SOMETHING * ("A" in letters), 2 if b_is_right else 1, SOMETHING * ("C" in letters), 4 if d_is_right else 1
    return Mistake(f"{noise}. {told[b_is_right, d_is_right]}", lambda: numbers)


def named(b: int, d: int) -> Mistake:
    against = ("B", AGAINST_B.get(b)), ("D", AGAINST_D.get(d))
    return Mistake(". ".join(f"{letter}: {told}" for letter, told in against if told), lambda: (0, b, 0, d))


def listed(letters: str) -> str:
    return " and ".join([", ".join(letters[:-1]), letters[-1]] if len(letters) > 1 else letters)


EXERCISE = Exercise(
    id="4.4",
    title="What is wrong with them?",
    minutes=11,
    difficulty=2,
    answer=name_the_mistakes,
    cases=lambda rng: [()],
    view=what_is_told,
    mistakes=(
        *(named(b, d) for b, d in itertools.product(range(7), repeat=2) if (b, d) != (2, 4)),
        *(
            wrong_where_nothing_is(which, *right)
            for which in ("A", "C", "AC")
            for right in itertools.product((True, False), repeat=2)
        ),
        *(
            off_the_list("".join(itertools.compress(LETTERS, off)))
            for off in itertools.product((False, True), repeat=4)
            if any(off)
        ),
    ),
    otherwise="at least one number is wrong. Two of the four estimators are within the noise in every column: those are correct",
    hints=(
        "Two of the four stay within a few standard errors in every column. What do the other two do where q is the prior, so "
        "that every KL is 0?",
        "At the second q the variances are those of the prior. For which of the mistakes does it matter that only the mean has moved?",
        "The rates of the three q's are 0, 0.5 and 0.64 nats. Compute the KL divergences the other way round as well, and "
        "compare both with the errors of B and D in the table.",
    ),
)
