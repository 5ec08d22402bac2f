"""Exercise 11.2: what the decoder reads."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake


def what_is_read(x, noise, fraction, blank, training):
    """What the decoder reads, and what it has to write: two arrays (batch, length)."""
    read = np.zeros_like(x)
    read[:, 1:] = x[:, :-1]
    if training:
        hidden = noise < fraction
        hidden[:, 0] = False
        read[hidden] = blank
    return read, x


def draw_texts(rng: np.random.Generator):
    for batch, length, fraction, training in ((7, 9, 0.4, True), (8, 6, 0.3, False), (6, 11, 0.25, True)):
        x = rng.integers(1, 20, (batch, length))
        for row, end in enumerate(rng.integers(3, length, batch)):
            x[row, end:] = 0
        noise = rng.random((batch, length))
        # on both sides of the fraction in each row, at the start and at places that are read
        noise[::2, 0], noise[1::2, 0] = fraction * 0.5, 1 - fraction * 0.5
        noise[:, 1], noise[:, 2] = fraction * rng.uniform(0.1, 0.9, batch), 1 - fraction * rng.uniform(0.1, 0.9, batch)
        noise[:, 3] = fraction  # not below it
        yield x, noise, fraction, 20, training


def reading_with(when=None, dropped=None, shift=None, write=None, always=False):
    """A wrong answer: ``what_is_read`` with one step of another kind."""

    def wrong(x, noise, fraction, blank, training):
        read = shift(x) if shift else np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1)
        mask = noise < fraction
        mask[:, 0] = False
        if dropped:
            mask = dropped(noise, fraction, x)
        on = when(training) if when else training
        seen = np.where(mask, blank, read) if on else read
        return seen, (write(x, mask, blank) if write and (on or always) else x)

    return wrong


def first_place_kept(mask):
    return mask & (np.arange(mask.shape[1]) > 0)


def dropped_then_shifted(x, noise, fraction, blank, training):
    seen = np.where(noise < fraction, blank, x) if training else x
    return np.concatenate([np.zeros_like(x[:, :1]), seen[:, :-1]], axis=1), x


def dropped_words(x, noise, fraction, blank, training):
    """The mask on the text itself, before it is cut into what is read and what is written."""
    seen = np.where(first_place_kept(noise < fraction), blank, x) if training else x
    return np.concatenate([np.zeros_like(x[:, :1]), seen[:, :-1]], axis=1), seen


def written_with_gaps(x, noise, fraction, blank, training):
    """What has to be written is hidden at place 0 too."""
    return what_is_read(x, noise, fraction, blank, training)[0], np.where((noise < fraction) & training, blank, x)


def letters_after(x, mask=None, blank=None):
    return np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)


def cut_at_both_ends(x, noise, fraction, blank, training):
    """The start symbol is taken for a column of x."""
    read, write = what_is_read(x, noise, fraction, blank, training)
    return read[:, :-1], write[:, 1:]


def scaled(x, noise, fraction, blank, training, hidden):
    read, write = what_is_read(x, noise, fraction, blank, False)
    if not training:
        return read, write
    return np.where(first_place_kept(noise < fraction), hidden, read / (1 - fraction)), write


EXERCISE = Exercise(
    id="11.2",
    title="What the decoder reads",
    minutes=10,
    difficulty=2,
    answer=what_is_read,
    cases=draw_texts,
    mistakes=(
        Mistake(
            "symbols are hidden at evaluation too: with training=False, none is",
            reading_with(when=lambda training: True),
        ),
        Mistake("no symbol is hidden in training", reading_with(when=lambda training: False)),
        Mistake(
            "symbols are hidden at evaluation, and not in training",
            reading_with(when=lambda training: not training),
        ),
        Mistake(
            "the start symbol is hidden too: place 0 stays 0, whatever noise[:, 0] is",
            reading_with(dropped=lambda noise, fraction, x: noise < fraction),
        ),
        Mistake(
            "every 0 is spared: only place 0 holds the start symbol, zeros after the end of a text are hidden too",
            reading_with(dropped=lambda noise, fraction, x: (noise < fraction) & (np.roll(x, 1, axis=1) != 0)),
        ),
        any_of(
            "what has to be written is hidden too: the decoder would learn to write blanks",
            reading_with(write=lambda x, mask, blank: np.where(mask, blank, x)),
            written_with_gaps,
        ),
        Mistake(
            "the text itself is hidden before it is shifted: what has to be written stays whole",
            dropped_words,
        ),
        Mistake(
            "noise[:, t] belongs to the symbol read at place t: shift first, then hide",
            dropped_then_shifted,
        ),
        any_of(
            "you keep this fraction of the symbols and hide the rest: it is the fraction that is hidden",
            reading_with(dropped=lambda noise, fraction, x: first_place_kept(noise >= fraction)),
            reading_with(dropped=lambda noise, fraction, x: first_place_kept(noise > fraction)),
        ),
        Mistake(
            "what is read is not shifted: at each place the decoder reads the symbol it has to write",
            reading_with(shift=lambda x: x),
        ),
        Mistake(
            "what is read is shifted the wrong way: the decoder reads the symbol after the one it has to write",
            reading_with(shift=lambda x: np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)),
        ),
        Mistake(
            "the same places are hidden in every text: each has noise of its own",
            reading_with(
                dropped=lambda noise, fraction, x: first_place_kept(np.tile(noise[0] < fraction, (len(x), 1)))
            ),
        ),
        any_of(
            "you cut the first letter off what has to be written. x holds no start symbol: write x whole, and read x one place later, "
            "behind a 0",
            reading_with(shift=lambda x: x, write=letters_after, always=True),
            reading_with(write=letters_after, always=True),
            cut_at_both_ends,
            lambda *arguments: tuple(
                each[:, :-1] for each in reading_with(shift=lambda x: x, write=letters_after, always=True)(*arguments)
            ),
        ),
        Mistake(
            "a symbol is hidden where its noise is below the fraction: compare with <, not with <=",
            reading_with(dropped=lambda noise, fraction, x: first_place_kept(noise <= fraction)),
        ),
        Mistake(
            "the two are exchanged: what is read comes first",
            lambda *arguments: what_is_read(*arguments)[::-1],
        ),
        any_of(
            "the start symbol is 0: you start with the blank",
            reading_with(
                shift=lambda x: np.concatenate([np.full_like(x[:, :1], 20), x[:, :-1]], axis=1),
            ),
            reading_with(dropped=lambda noise, fraction, x: (noise < fraction) | (np.arange(x.shape[1]) == 0)),
        ),
        any_of(
            "what is read is divided by 1 − fraction, as dropout of hidden units does: symbols are numbers of letters, so leave them whole",
            lambda x, noise, fraction, blank, training: scaled(x, noise, fraction, blank, training, blank),
            lambda x, noise, fraction, blank, training: scaled(
                x, noise, fraction, blank, training, blank / (1 - fraction)
            ),
        ),
        Mistake(
            "hidden symbols become 0, which ends a text: they become blank",
            lambda x, noise, fraction, blank, training: what_is_read(x, noise, fraction, 0, training),
        ),
    ),
    hints=(
        "Which symbol has the decoder just read when it writes the one at place t? And at place 0? Is what it has to write ever hidden?",
        "Shift first: what is read is x, one place later, behind a 0. Then hide, with a mask that is False in column 0.",
        "read = np.zeros_like(x); read[:, 1:] = x[:, :-1]",
    ),
)
