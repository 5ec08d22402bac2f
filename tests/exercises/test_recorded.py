"""Every recorded exercise: its answer passes, its stub waits, each of its mistakes is told apart, other right ways pass."""

import inspect
import runpy
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
import torch

from vae_edu.exercises.record import Family
from vae_edu.exercises.registry import all_exercises, chapters, exercises_of

SEEDS = range(5)
EXERCISES = all_exercises()
# Right answers written in other ways than the model answers, two or more for every exercise: the library, the precision, the
# order of operations and loops in place of array operations may all vary: ``also_right`` of the exercise, and what stands
# in one module for each notebook.
VARIANTS = {
    exercise_id: functions
    for path in sorted(Path(__file__).with_name("variants").glob("ch*.py"))
    for exercise_id, functions in runpy.run_path(str(path))["VARIANTS"].items()
}
for exercise in EXERCISES:
    VARIANTS[exercise.id] = [*VARIANTS.get(exercise.id, ()), *exercise.also_right]

of_each = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
# There are more than 2,000 mistakes: each is judged at one seed, and neighbours at different ones.
of_each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake", "seed"),
    [
        pytest.param(exercise, mistake, number % 2, id=f"{exercise.id}-{number}")
        for exercise in EXERCISES
        for number, mistake in enumerate(exercise.mistakes, start=1)
    ],
)
of_each_variant = pytest.mark.parametrize(
    ("exercise_id", "function"),
    [
        pytest.param(exercise_id, function, id=f"{exercise_id}-{function.__name__}")
        for exercise_id, functions in VARIANTS.items()
        for function in functions
    ],
)


def stub_of(exercise, raising: str = "NotImplementedError"):
    """The stub as the notebook has it: the answer's name and parameters, and nothing done."""
    parameters = ", ".join(exercise.signature.parameters)
    namespace = {}
    exec(f"def {exercise.name}({parameters}):\n    raise {raising}\n", namespace)
    return namespace[exercise.name]


def test_there_are_exercises():
    assert EXERCISES
    assert 0 in chapters()


@of_each
@pytest.mark.parametrize("seed", SEEDS)
def test_the_model_answer_passes(exercise, seed, examiner):
    report = examiner(exercise.id, seed).judge(exercise.answer)
    assert report.status == "passed", report


@of_each
@pytest.mark.parametrize("raising", ["NotImplementedError", 'NotImplementedError("write me")'])
def test_the_stub_is_not_attempted(exercise, raising, examiner):
    report = examiner(exercise.id, 0).judge(stub_of(exercise, raising))
    assert (report.status, report.message) == ("not attempted", "not attempted yet")


@of_each_mistake
def test_each_mistake_hears_its_own_message(exercise, mistake, seed, examiner):
    report = examiner(exercise.id, seed).judge(mistake.wrong)
    assert (report.status, report.mistake) == ("failed", mistake.message), report
    assert report.message.partition("\nIt raised ")[0] == mistake.message


@pytest.mark.parametrize(
    ("exercise", "family"),
    [
        pytest.param(exercise, mistake, id=f"{exercise.id}-{mistake.message[:20]}")
        for exercise in EXERCISES
        for mistake in exercise.mistakes
        if isinstance(mistake, Family)
    ],
)
def test_every_usual_constant_of_a_family_hears_the_message(exercise, family, examiner):
    for constant, wrong in zip(family.constants, family.members, strict=True):
        report = examiner(exercise.id, 0).judge(wrong)
        assert report.mistake == family.message, (constant, report)


@of_each_variant
@pytest.mark.parametrize("seed", range(3))
def test_other_right_ways_pass(exercise_id, function, seed, examiner):
    report = examiner(exercise_id, seed).judge(function)
    assert report.status == "passed", report


@of_each
def test_there_are_two_other_right_ways_at_least(exercise):
    codes = {function.__code__.co_code for function in VARIANTS.get(exercise.id, ())}
    assert len(codes - {exercise.answer.__code__.co_code}) >= 2, f"add variants of {exercise.id} to variants/"


def test_variants_belong_to_recorded_exercises():
    assert set(VARIANTS) <= {exercise.id for exercise in EXERCISES}


@pytest.mark.parametrize("chapter", chapters())
def test_ids_follow_the_notebook_and_the_order(chapter):
    own = exercises_of(chapter)
    assert [exercise.id for exercise in own] == [f"{chapter}.{number}" for number in range(1, len(own) + 1)]
    assert all(exercise.chapter == chapter for exercise in own)


def test_ids_are_unique():
    assert len({exercise.id for exercise in EXERCISES}) == len(EXERCISES)


@of_each
def test_the_record_is_complete(exercise):
    assert exercise.difficulty in (1, 2, 3)
    assert 1 <= exercise.minutes <= 60
    assert exercise.title.strip()
    assert len(exercise.hints) == 3
    assert len(set(exercise.hints)) == 3
    assert all(hint.strip() for hint in exercise.hints)
    assert exercise.answer.__doc__
    assert exercise.mistakes


@of_each
def test_each_message_is_one_line(exercise):
    for mistake in exercise.mistakes:
        assert mistake.message.strip() == mistake.message != ""
        assert len(mistake.message.splitlines()) == 1


def written_out(argument) -> str:
    """An argument of a case in full."""
    if isinstance(argument, np.random.Generator):
        return repr(argument.bit_generator.state)
    if isinstance(argument, torch.Generator):
        return repr(argument.get_state().tolist())
    if isinstance(argument, np.ndarray | torch.Tensor):
        return repr((argument.shape, argument.tolist()))
    if isinstance(argument, FunctionType):  # its name, and what it holds
        held = [written_out(cell.cell_contents) for cell in argument.__closure__ or ()]
        return f"{argument.__qualname__} with {held}"
    return repr(argument)


@of_each
def test_cases_are_drawn_afresh_and_repeat_by_seed(exercise):
    def drawn(seed: int) -> list[list[str]]:
        return [[written_out(argument) for argument in case] for case in exercise.cases(np.random.default_rng(seed))]

    assert drawn(0)
    assert {len(case) for case in drawn(0)} == {len(exercise.signature.parameters)}
    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1) or not exercise.signature.parameters


@of_each
def test_the_source_shown_stands_alone(exercise, examiner):
    """What ``solution`` shows works in a notebook that has imported NumPy and torch, and nothing else."""
    namespace = {"np": np, "torch": torch}
    exec(compile(exercise.source, "<solution>", "exec"), namespace)
    report = examiner(exercise.id, 0).judge(namespace[exercise.name])
    assert report.status == "passed", report
    assert exercise.source.startswith("def ")


@of_each
def test_parameters_can_be_given_by_position(exercise):
    kinds = {parameter.kind for parameter in exercise.signature.parameters.values()}
    assert kinds <= {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
