"""Whole notebooks with the model answers in place of the stubs."""

from vae_edu.course.cells import read, text_of
from vae_edu.course.teacher.solutions import check_lines, model_answers, write_solution
from vae_edu.exercises.registry import find

CLAIM = "from vae_edu.claims import claim\n\nclaim('one is {0}', 1 == {0})"


def test_a_solution_holds_the_model_answers_and_the_whole_run(notebook, setup_cell, exercise, saved, tmp_path):
    path = saved(
        notebook(setup_cell, CLAIM.format(1), *exercise(), "print(vae_loss(np.ones((3, 1)), np.ones((3, 1))))")
    )
    before = path.read_bytes()
    assert write_solution(path, tmp_path / "out" / "solutions") == []
    solved = read(tmp_path / "out" / "solutions" / path.name)
    assert solved.cells[2].source == find("0.1").source.rstrip("\n")
    assert [text_of(each) for each in solved.cells] == ["", "✓ one is 1", "", "✓ 0.1 The loss of one batch", "2.0"]
    assert [each.execution_count for each in solved.cells] == [1, 2, 3, 4, 5]
    assert path.read_bytes() == before


def test_what_goes_wrong_is_told_and_nothing_is_written(notebook, setup_cell, exercise, cell, saved, tmp_path):
    stub, check = exercise()
    broken = cell("vae_loss = lambda distortion, rate: distortion.sum() + rate.sum()")
    [problem] = write_solution(saved(notebook(setup_cell, stub, broken, check)), tmp_path / "out")
    assert problem.startswith("00_start_here: ")
    assert "✗ 0.1 this is the cost of all images together" in problem
    [problem] = write_solution(saved(notebook(CLAIM.format(2), "print('late')")), tmp_path / "out")
    assert problem.startswith("00_start_here: ")
    assert "✗ one is 2" in problem
    assert not (tmp_path / "out").exists()


def test_model_answers_run_without_the_rest(notebook, setup_cell, exercise, saved):
    execution = model_answers(saved(notebook(setup_cell, "raise SystemError", *exercise(), "raise SystemError")))
    assert execution.failure is None
    assert check_lines(execution) == {"0.1": "✓ 0.1 The loss of one batch"}
