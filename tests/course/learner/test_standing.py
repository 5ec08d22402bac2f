"""Where the exercises of a learner's notebook stand, whatever has become of its cells."""

import pytest
from nbformat.v4 import new_markdown_cell, new_raw_cell

from vae_edu.course.learner.standing import other_copies, standing
from vae_edu.exercises.store import passed_ids

ANSWERS = {
    "9.1": "def answer_1(distortion, rate):\n    raise NotImplementedError",
    "9.2": "def answer_2(distortion, rate):\n    return np.mean(rate.sum(1) + distortion.sum(1))",
    "9.3": "def answer_3(distortion, rate):\n    return np.mean(distortion.sum(1))",
    "9.4": "def answer_4(distortion, rate)\n    return 0",
    "9.5": "def answer_5(distortion, rate):\n    return 1 / 0",
    "9.6": "def answer_6(distortion, rate):\n    return 0\n\n\nanswer_6(1)",
    "9.7": "def answer_7(distortion, rate):\n    exit()",
}
STANDING = {
    "9.1": "○ 0.1 not attempted yet",
    "9.2": "✓ 0.1 The loss of one batch",
    "9.3": "✗ 0.1 the rate is missing: this is the loss of a plain autoencoder",
    "9.4": "✗ 9.4 ",
    "9.5": "✗ 0.1 ZeroDivisionError in the line `return 1 / 0`: division by zero",
    "9.6": "✗ 0.1 wrong value",
    "9.7": "✗ 0.1 SystemExit",
}


class TestStanding:
    def test_every_exercise_is_told_whatever_the_others_do(self, notebook, setup_cell, exercise, saved):
        # One exercise in seven states under made-up numbers: one kernel instead of seven.
        cells = [
            each
            for number, stub in ANSWERS.items()
            for each in exercise(stub, f'check("0.1", answer_{number[-1]})', number)
        ]
        path = saved(notebook(setup_cell, "raise SystemError('not an exercise')", *cells), "99_invented.ipynb")
        before = path.read_bytes()
        found = standing(path)
        assert list(found) == list(STANDING)
        for number, line in found.items():
            assert line.startswith(STANDING[number]), line
        assert path.read_bytes() == before

    def test_it_finds_what_lies_beside_the_notebook_and_keeps_progress(self, notebook, cell, exercise, saved):
        path = saved(notebook(cell("from own import check, loss", "setup"), *exercise("vae_loss = loss")))
        own = "from vae_edu.exercises import check\n\n\ndef loss(distortion, rate):\n    return (rate.sum(1) + distortion.sum(1)).mean()\n"
        path.with_name("own.py").write_text(own, encoding="utf-8")
        assert standing(path) == PASSED
        assert passed_ids() == ({"0.1"}, [])

    def test_a_kernel_that_dies_says_so_and_not_what_the_file_held(self, notebook, setup_cell, exercise, saved):
        deadly = exercise("import os\nos._exit(1)", number="9.2", stored="✓ 0.1 The loss of one batch")
        path = saved(notebook(setup_cell, *exercise(number="9.1"), *deadly), "99_invented.ipynb")
        assert standing(path) == {"9.1": "○ 0.1 not attempted yet", "9.2": "✗ 9.2 Kernel died"}

    def test_exit_in_a_cell_is_not_taken_for_an_answer(self, notebook, setup_cell, exercise, saved):
        path = saved(notebook(setup_cell, *exercise("exit()", stored="✓ 0.1 The loss of one batch")))
        assert standing(path)["0.1"].startswith("✗ 0.1 ")

    def test_a_cell_that_never_ends_is_named(self, notebook, setup_cell, exercise, saved, monkeypatch):
        path = saved(notebook(setup_cell, *exercise("while True:\n    pass")))
        assert "timed out" in standing(path, timeout=1)["0.1"]


RIGHT = "def vae_loss(distortion, rate):\n    return (distortion.sum() + rate.sum()) / len(rate)"
WRONG = "def vae_loss(distortion, rate):\n    return distortion.sum(1).mean()"
GONE = "no code cell defines {}: was the cell deleted, or turned into text?"
SECOND = {
    "0.2": f"✗ 0.2 {GONE.format('name_the_clouds')}"
}  # the published notebook has it, those of these tests do not
PASSED = {"0.1": "✓ 0.1 The loss of one batch", **SECOND}
THERE = "00_start_here.ipynb"


class TestWhateverHasBecomeOfTheCells:
    @pytest.fixture
    def of(self, notebook, setup_cell, saved):
        """``of(*cells)``: where the exercises stand in the learner's notebook 00 with these cells."""
        return lambda *cells: standing(saved(notebook(setup_cell, *cells), THERE))

    @pytest.mark.parametrize(
        "check",
        ['check("0.1", vae_loss);', 'print(check("0.1", vae_loss))', '%time check("0.1", vae_loss)', "x = 1", "check(",
         '%%time\ncheck("0.1", vae_loss)', 'result = check(0.1, vae_loss)\nresult.passed', 'print("hello")\ncheck("0.1", vae_loss)'],
    )  # fmt: skip
    def test_the_check_cell_may_be_written_in_any_way(self, check, of, cell, exercise):
        assert of(*exercise(RIGHT, check)) == PASSED
        assert of(*exercise(WRONG, check))["0.1"].startswith("✗ 0.1 the rate is missing")

    def test_there_may_be_no_check_cell(self, of, exercise):
        assert of(exercise(RIGHT)[0]) == PASSED

    def test_tags_may_be_lost(self, notebook, saved):
        book = notebook("import numpy as np\nfrom vae_edu.exercises import check", RIGHT, 'check("0.1", vae_loss)')
        assert standing(saved(book, THERE)) == PASSED

    def test_the_answer_may_stand_below_the_stub(self, of, exercise):
        stub, check = exercise()
        assert of(stub, RIGHT, check) == PASSED
        assert of(stub, check, RIGHT) == PASSED

    @pytest.mark.parametrize(("make", "kind"), [(new_markdown_cell, "markdown"), (new_raw_cell, "raw")])
    def test_a_cell_that_is_no_code_cell_any_more_is_named(self, make, kind, of, exercise):
        stub, check = exercise(RIGHT)
        found = of(make(RIGHT, metadata=stub.metadata), check)
        assert found == {
            "0.1": f"✗ 0.1 its cell is a {kind} cell: make it a code cell again (press Esc, then Y)",
            **SECOND,
        }

    def test_a_cell_that_is_gone_is_named(self, of):
        assert of("1 + 1") == {"0.1": f"✗ 0.1 {GONE.format('vae_loss')}", **SECOND}

    def test_a_byte_order_mark_is_read(self, notebook, setup_cell, exercise, saved):
        path = saved(notebook(setup_cell, *exercise(RIGHT)), THERE)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        assert standing(path) == PASSED

    @pytest.mark.parametrize("name", ["numpy", "types", "torch"])
    def test_a_file_that_hides_a_module_is_named_as_the_cause(self, name, notebook, setup_cell, exercise, saved):
        path = saved(notebook(setup_cell, *exercise(RIGHT)), THERE)
        path.with_name(f"{name}.py").write_text("", encoding="utf-8")
        with pytest.raises(ValueError, match=rf"/{name}\.py hides the module {name} .*: give the file another name"):
            standing(path)

    def test_other_copies_are_found(self, notebook, saved):
        path = saved(notebook(), THERE)
        saved(notebook(), "00_start_here-Copy1.ipynb")
        saved(notebook(), "04_the_elbo.ipynb")
        assert other_copies(path) == ["00_start_here-Copy1.ipynb"]
