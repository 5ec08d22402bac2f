"""Exercise 12.4: six reports of one model's NLL."""

from vae_edu.exercises.matching import matching


def name_the_reports():
    """The numbers of A, B, C, D, E and F, in this order: six whole numbers from 0 to 7."""
    # A rises with K, so it is above −ELBO: 3. D falls by log 10 = 2.3 for each factor of ten, plus whatever F falls by: 2. B falls too, by
    # less each time, and ends below what AIS from both sides leaves for the NLL: 7. C is far above −ELBO at K = 1: q is not the encoder's:
    # 5. E begins below −ELBO, where only the data can differ: 6. F begins at −ELBO and levels off where AIS does: 0.
    return 3, 7, 5, 2, 6, 0


START = "at K = 1 this estimate has the −ELBO as its mean"
FALL = "compare what is gained from 10 to 100 samples with log 10 = 2.3 nats"
BOTH_SIDES = "from both sides, AIS leaves about 0.1 nats for the NLL, near the one of K = 2,048"
AGAINST = (
    {  # A, upside down
        0: "more samples never make the NLL larger on average",
        1: "a mean of logarithms is the same for every K, on average. These numbers change",
        2: "without −log K the NLL falls as K grows",
        4: "a change of units cannot turn a falling curve into a rising one",
        5: "more samples never make the NLL larger on average, whatever they are sampled from",
        6: "more samples never make the NLL larger on average, on any pixels",
        7: "the mean of squared weights is at least the square of their mean, so this NLL is at most the right one",
    },
    {  # B, second moment
        0: f"{BOTH_SIDES}. This one ends further below, and still falls",
        1: "a mean of logarithms is the same for every K, on average. These numbers change",
        2: FALL,
        3: "by Jensen's inequality for 1/w, this NLL rises with K on average",
        4: f"{START}, 1/log 2 = 1.44 times as large in other units. What is the ratio here?",
        5: f"{START} only if the samples come from the encoder's q. Here it has",
        6: f"{START} of the pixels that are used. Here it is the right one",
    },
    {  # C, prior
        0: f"{START}. Is this one near it?",
        1: "a mean of logarithms is the same for every K, on average. These numbers change",
        2: f"{START}, also without −log K, since log 1 = 0",
        3: "by Jensen's inequality for 1/w, this NLL rises with K on average",
        4: "a change of units multiplies every number by the same factor. Compare the ratios to F at both ends",
        6: "other pixels change an NLL by a few nats, and their curve levels off as early",
        7: f"{START}, also with squared weights: with one sample, ½ log w² = log w",
    },
    {  # D, sum
        0: f"{BOTH_SIDES}. This one is far below",
        1: "a mean of logarithms is the same for every K, on average. These numbers change",
        3: "by Jensen's inequality for 1/w, this NLL rises with K on average",
        4: f"{START}, 1/log 2 = 1.44 times as large in other units. What is the ratio here?",
        5: f"{START} only if the samples come from the encoder's q. Here it has",
        6: f"{START} of the pixels that are used. Here it is the right one",
        7: f"½ log of the mean squared weight gains at most half of log 10 from ten times as many samples. {FALL[0].upper() + FALL[1:]}",
    },
    {  # E, cut
        0: f"{START} of the test set as it was sampled. Is this one near it?",
        1: "a mean of logarithms is the same for every K, on average. These numbers change",
        2: FALL,
        3: "by Jensen's inequality for 1/w, this NLL rises with K on average",
        4: "a number of bits is 1.44 times the number of nats. Is this one larger?",
        5: f"{START} only for the encoder's q. For the prior it is far larger than the −ELBO, not smaller",
        7: f"{START}, also with squared weights: with one sample, ½ log w² = log w",
    },
    {  # F, right
        1: "a mean of logarithms is the same for every K, on average. These numbers fall",
        2: FALL,
        3: "by Jensen's inequality for 1/w, this NLL rises with K on average",
        4: f"{START}, 1/log 2 = 1.44 times as large in other units. What is the ratio here?",
        5: f"{START} only if the samples come from the encoder's q. Here it has",
        6: f"{START} of the pixels that are used. Here it is the right one",
        7: "½ log of the mean squared weight ends below what AIS from both sides leaves for the NLL. This one stops where AIS does",
    },
)

EXERCISE = matching(
    name_the_reports,
    AGAINST,
    id="12.4",
    title="Which reported NLLs are impossible?",
    minutes=10,
    difficulty=2,
    otherwise="not all six are right. Give six whole numbers from 0 to 7, for A to F in this order",
    hints=(
        "Which of the descriptions give the −ELBO at K = 1, and which do not?",
        "Among those that do: which fall as K grows, which rise, and which do not change? By how much can each fall from K to 10 K?",
        "log 10 = 2.30. ½ log of the mean squared weight gains at most ½ log 10 = 1.15 for each factor of ten, the logarithm of the sum at "
        "least 2.30.",
    ),
)
