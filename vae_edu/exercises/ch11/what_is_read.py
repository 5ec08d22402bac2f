"""Exercise 11.4: what the decoder reads."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def what_is_read(x, noise, share, blank, training):
    """What a decoder reads and what it has to write, two arrays (batch, length), for texts x (batch, length) that end in 0. At
    place t it reads the symbol before, and at place 0 the start symbol, 0. In training a symbol read at place t is replaced
    by blank where noise[:, t] < share (noise is uniform, (batch, length)), but for the start symbol."""
    read = np.zeros_like(x)
    read[:, 1:] = x[:, :-1]
    if training:
        dropped = noise < share
        dropped[:, 0] = False
        read[dropped] = blank
    return read, x


def draw_texts(rng: np.random.Generator):
    for batch, length, share, training in ((7, 9, 0.4, True), (8, 6, 0.3, False), (6, 11, 0.25, True)):
        x = rng.integers(1, 20, (batch, length))
        for row, end in enumerate(rng.integers(3, length, batch)):
            x[row, end:] = 0
        noise = rng.random((batch, length))
        # on both sides of the share in each row, at the start and at places that are read
        noise[::2, 0], noise[1::2, 0] = share * 0.5, 1 - share * 0.5
        noise[:, 1], noise[:, 2] = share * rng.uniform(0.1, 0.9, batch), 1 - share * rng.uniform(0.1, 0.9, batch)
        yield x, noise, share, 20, training


def reading_with(when=None, dropped=None, shift=None, write=None):
    """A wrong answer: ``what_is_read`` with one step of another kind."""

    def wrong(x, noise, share, blank, training):
        read = shift(x) if shift else np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1)
        mask = noise < share
        mask[:, 0] = False
        if dropped:
            mask = dropped(noise, share, x)
        on = when(training) if when else training
        seen = np.where(mask, blank, read) if on else read
        return seen, (write(x, mask, blank) if write and on else x)

    return wrong


def first_place_kept(mask):
    return mask & (np.arange(mask.shape[1]) > 0)


def dropped_then_shifted(x, noise, share, blank, training):
    seen = np.where(noise < share, blank, x) if training else x
    return np.concatenate([np.zeros_like(x[:, :1]), seen[:, :-1]], axis=1), x


def dropped_words(x, noise, share, blank, training):
    """The mask on the text itself, before it is cut into what is read and what is written."""
    seen = np.where(first_place_kept(noise < share), blank, x) if training else x
    return np.concatenate([np.zeros_like(x[:, :1]), seen[:, :-1]], axis=1), seen


EXERCISE = Exercise(
    id="11.4",
    title="What the decoder reads",
    minutes=10,
    difficulty=2,
    answer=what_is_read,
    cases=draw_texts,
    mistakes=(
        Mistake(
            "symbols are dropped at evaluation too: two evaluations then differ, and both are of a decoder that is hindered",
            reading_with(when=lambda training: True),
        ),
        Mistake("no symbol is dropped in training", reading_with(when=lambda training: False)),
        Mistake(
            "symbols are dropped at evaluation, and not in training",
            reading_with(when=lambda training: not training),
        ),
        Mistake(
            "the start symbol is dropped too: without it the decoder cannot know that a text begins",
            reading_with(dropped=lambda noise, share, x: noise < share),
        ),
        Mistake(
            "every 0 is spared: only place 0 holds the start symbol, zeros behind the end of a text are dropped too",
            reading_with(dropped=lambda noise, share, x: (noise < share) & (np.roll(x, 1, axis=1) != 0)),
        ),
        Mistake(
            "what has to be written is blanked too: the decoder would learn to write blanks",
            reading_with(write=lambda x, mask, blank: np.where(mask, blank, x)),
        ),
        Mistake(
            "the text itself is blanked before it is cut in two: what has to be written stays whole",
            dropped_words,
        ),
        Mistake(
            "noise[:, t] belongs to the symbol read at place t: shift first, then drop",
            dropped_then_shifted,
        ),
        Mistake(
            "share is the share that is dropped: you keep it and drop the rest",
            reading_with(dropped=lambda noise, share, x: first_place_kept(noise >= share)),
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
            "the same places are dropped in every text: each has noise of its own",
            reading_with(dropped=lambda noise, share, x: first_place_kept(np.tile(noise[0] < share, (len(x), 1)))),
        ),
        Mistake(
            "the two are exchanged: what is read comes first",
            lambda *arguments: what_is_read(*arguments)[::-1],
        ),
        Mistake(
            "the start symbol is 0: you start with the blank",
            reading_with(
                shift=lambda x: np.concatenate([np.full_like(x[:, :1], 20), x[:, :-1]], axis=1),
            ),
        ),
        Mistake(
            "dropped symbols become 0, which ends a text: they become blank",
            lambda x, noise, share, blank, training: what_is_read(x, noise, share, 0, training),
        ),
    ),
    hints=(
        "What has to be written is x, whole, always. What is read is x, one place later.",
        "read[:, 1:] = x[:, :-1] with read[:, 0] = 0; then, in training alone, blanks where noise < share, except in column 0.",
        "dropped = noise < share; dropped[:, 0] = False; read[dropped] = blank",
    ),
)
