"""Exercise 21.4: what is wrong with each of five topic models."""

import itertools

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def name_the_illness():
    """The numbers of what is wrong with A, B, C, D and E, in this order; 0 means that nothing is. Five integers."""
    # A: 625 on its training messages, 1,262 on held-out ones, where word frequencies alone reach 1,269: over-trained.
    # B: all 10 topics are used and generalise, but they share their words, which are in 10 % of the messages: frequent words.
    # D: the decoder uses 4 of its 10 topics: collapsed. All its units are active, but that is the encoder's side.
    # C: nothing speaks against it. E: its numbers are as good as C's, but the words of a topic have nothing to do with one another.
    return 2, 3, 0, 1, 4


LETTERS = "ABCDE"
RIGHT = dict(zip(LETTERS, name_the_illness(), strict=True))
OFF_THE_LIST = -1

# What speaks against each number that is not right.
AGAINST = {
    "A": {
        0: "on messages that it was not trained on, it predicts hardly better than word frequencies alone",
        1: "its decoder uses 9 of 10 topics",
        3: "its top words are in few messages, and hardly a word is shared",
        4: "with a wrong vocabulary, only the lists of words would be wrong, but its held-out perplexity is bad as well",
    },
    "B": {
        0: "a quarter of its top words is shared by topics, while each of the others' top words is in far fewer messages",
        1: "its decoder uses all 10 topics, so that shared words have another reason",
        2: "its held-out perplexity is close to that of its training messages",
        4: "the words of a topic go together, so that the vocabulary is the right one",
    },
    "C": {
        1: "its decoder uses all 10 topics",
        2: "its held-out perplexity is the best of the five",
        3: "its top words are in few messages, and no word is shared",
        4: "the words of a topic go together, so that the vocabulary is the right one",
    },
    "D": {
        0: "all its units are active, but that is the encoder's side: how many of its 10 topics does the decoder use?",
        2: "its held-out perplexity is close to that of its training messages",
        3: "hardly a word is shared",
        4: "the words of a topic go together, so that the vocabulary is the right one",
    },
    "E": {
        0: "its numbers are as good as those of C, but read its words: do those of one topic go together?",
        1: "its decoder uses all 10 topics",
        2: "its held-out perplexity is close to that of its training messages",
        3: "its top words are in few messages, and hardly a word is shared",
    },
}


def what_is_told(numbers):
    """The answer as far as the message depends on it: the first letter whose number is wrong, and that number."""
    numbers = [int(number) if number in range(5) else OFF_THE_LIST for number in np.ravel(numbers).tolist()]
    if OFF_THE_LIST in numbers:
        return tuple(OFF_THE_LIST if number == OFF_THE_LIST else 0 for number in numbers)
    wrong = [letter for letter, number in zip(LETTERS, numbers, strict=False) if number != RIGHT[letter]]
    return tuple(
        number if letter in wrong[:1] else RIGHT[letter] for letter, number in zip(LETTERS, numbers, strict=False)
    )


def accused(letter: str, number: int) -> Mistake:
    """The first letter whose number is wrong."""
    answer = tuple(number if each == letter else RIGHT[each] for each in LETTERS)
    before = LETTERS[: LETTERS.index(letter)]
    praise = f"{' and '.join(before)} {'is' if len(before) == 1 else 'are'} right. " if before else ""
    return Mistake(f"{praise}{letter}: {AGAINST[letter][number]}", lambda: answer)


def off_the_list(letters: str) -> Mistake:
    message = f"{' and '.join(letters)}: the list has the numbers 0 to 4 and no other"
    return Mistake(message, lambda: tuple(9 if letter in letters else 0 for letter in LETTERS))


EXERCISE = Exercise(
    id="21.4",
    title="What is wrong with these topics?",
    minutes=10,
    difficulty=2,
    answer=name_the_illness,
    cases=lambda rng: [()],
    view=what_is_told,
    mistakes=(
        *(accused(letter, number) for letter in LETTERS for number in AGAINST[letter]),
        *(off_the_list("".join(letters)) for size in range(1, 6) for letters in itertools.combinations(LETTERS, size)),
    ),
    hints=(
        "Begin with one column: which model does much worse on held-out messages than on its own training messages?",
        "A topic that the decoder does not use and a topic that repeats frequent words are different illnesses. Which column tells "
        "them apart? And which illness leaves no trace in the numbers?",
        "The first number of the answer belongs to A, whose two perplexities differ most.",
    ),
    otherwise="return five numbers from the list, one for each of A to E",
)
