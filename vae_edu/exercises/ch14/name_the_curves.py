"""Exercise 14.3: four trainings, known by their curves."""

from vae_edu.exercises.matching import matching


def name_the_curves():
    """The numbers of A, B, C and D, in this order: four whole numbers from 0 to 5."""
    # A: its rate falls to 0, as if β were 64: 2. B: the training loss falls far below the held-out one, and logvar hardly counts: 3.
    # C: the rate grows without end: 1. D: rate and both losses settle, and agree: 0.
    return 2, 3, 1, 0


SLOW = "with a learning rate that is a thousand times too small, no curve would move"
SOUND = "the held-out −ELBO does not settle below the 25 nats of a decoder without z. Then something is wrong"
NO_KL = "without the KL, nothing would hold the rate down: it would rise from the first steps on"
AGAINST = (
    {  # A
        0: SOUND,
        1: "a KL with the wrong sign is rewarded: the rate would grow. Here it falls to 0",
        3: "a decoder that is trained with mu learns to use it: the rate would not fall to 0",
        4: SLOW,
        5: "without the KL, nothing would push the rate to 0",
    },
    {  # B
        0: "compare the training loss with the held-out −ELBO: the same decoder is much worse once z is sampled",
        1: "a KL with the wrong sign is rewarded: the rate would grow without end. Here it settles",
        2: "with so small a weight of log p(x|z), the rate would fall to 0",
        4: SLOW,
        5: NO_KL + ". Here it settles",
    },
    {  # C
        0: SOUND,
        2: "with so small a weight of log p(x|z), the rate would fall to 0. Here it grows",
        3: "a KL is paid for in training, so the rate would settle. Here it grows without end",
        4: SLOW,
        5: "without the KL, q(z|x) becomes narrow, and the rate grows like a logarithm. Look at how fast it grows "
        "here, and at the largest logvar",
    },
    {  # D
        1: "a KL with the wrong sign is rewarded: the rate would grow without end. Here it settles",
        2: "with so small a weight of log p(x|z), the rate would fall to 0",
        3: "compare the training loss with the held-out −ELBO: they agree, so the decoder was trained with sampled z",
        4: SLOW,
        5: NO_KL + ". Here it settles",
    },
)

EXERCISE = matching(
    name_the_curves,
    AGAINST,
    noun="number",
    id="14.3",
    title="Four trainings, known by their curves",
    minutes=8,
    difficulty=2,
    otherwise="not all four are right. Give four whole numbers from 0 to 5, for A to D in this order",
    hints=(
        "Look at the rate first. Where does it settle, where does it go to 0, and where does it grow?",
        "Then compare the training loss with the held-out −ELBO. Both are the same quantity where nothing is wrong.",
        "A weight of log p(x|z) that is 64 times too small is a β of 64. A loss that rewards the KL has no minimum.",
    ),
)
