"""The real nbval on small notebooks: what it lets pass, what it must not, and what the sanitising patterns do to it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook, new_output
from nbval.plugin import get_sanitize_patterns

from vae_edu.course.cells import tags
from vae_edu.course.executing import execute, store, tidy
from vae_edu.course.author.standard import violations
from vae_edu.exercises.desk import Progress
from vae_edu.exercises.record import Report

SANITIZE = Path(__file__).with_name("sanitize.cfg")


def nbval(path, **environment):
    """Run nbval as `make test` does; the outcomes of the code cells, "passed" or "failed", and all that was printed."""
    # Without TQDM_DISABLE: a learner who runs nbval has not set it.
    inherited = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}"]
    command += ["-v", "--color=no", "-p", "no:cacheprovider", f"--rootdir={path.parent}", path.name]
    home = {"VAE_EDU_HOME": str(path.parent / "home")}
    ran = subprocess.run(
        command, cwd=path.parent, env=inherited | home | environment, capture_output=True, encoding="utf-8", timeout=300
    )
    outcomes = re.findall(r"::Cell \d+ (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)", ran.stdout)
    return [outcome.lower() for outcome in outcomes], ran.stdout + ran.stderr


# The patterns alone


@pytest.fixture(scope="module")
def sanitised():
    """nbval's own use of the file."""
    patterns = get_sanitize_patterns(SANITIZE.read_text(encoding="ascii"))

    def apply(text):
        for pattern, replacement in patterns:
            text = re.sub(pattern, replacement, text)
        return text

    return apply


def test_the_file_is_ascii_since_nbval_reads_it_in_the_locale_s_encoding():
    assert SANITIZE.read_bytes().isascii()


def test_nbval_finds_every_pattern():
    lines = SANITIZE.read_text(encoding="ascii").splitlines()
    places = [index for index, line in enumerate(lines) if line.startswith("regex:")]
    assert places
    assert all(lines[index + 1].startswith("replace: ") for index in places)
    assert sum(line.startswith("replace:") for line in lines) == len(places)
    found = get_sanitize_patterns("\n".join(lines) + "\n")
    assert [pattern for pattern, _ in found] == [lines[index].removeprefix("regex: ") for index in places]


OPEN = Report("0.1", "not attempted", "not attempted yet")
RIGHT = Report("0.1", "passed", "The loss of one batch")
UNKEPT = Report("0.1", "passed", "The loss of one batch\nYour progress is not kept: Read-only file system (folder).")
WRONG = Report("0.1", "failed", "the rate is missing")
RAISED = Report("0.1", "error", "ZeroDivisionError: division by zero")


@pytest.mark.parametrize("view", [str, Report._repr_html_], ids=["text", "HTML"])
class TestReports:
    def test_open_and_right_read_the_same(self, view, sanitised):
        assert sanitised(view(OPEN)) == sanitised(view(RIGHT)) != view(RIGHT)

    def test_right_reads_the_same_where_progress_cannot_be_kept(self, view, sanitised):
        assert sanitised(view(UNKEPT)) == sanitised(view(OPEN))

    @pytest.mark.parametrize("report", [WRONG, RAISED], ids=["wrong", "raised"])
    def test_what_is_not_right_stays_as_it_is(self, report, view, sanitised):
        assert sanitised(view(report)) == view(report)

    def test_exercises_are_not_mixed_up(self, view, sanitised):
        assert sanitised(view(OPEN)) != sanitised(view(Report("0.2", "not attempted", "not attempted yet")))


@pytest.mark.parametrize("view", [repr, Progress._repr_html_], ids=["text", "HTML"])
def test_progress_reads_the_same_in_every_state(view, sanitised):
    begun = Progress(((0, (("0.1", "The loss", False),)),), ())
    done = Progress(((0, (("0.1", "The loss", True),)), (1, (("1.1", "PCA", True),))), ("A file was damaged.",))
    assert sanitised(view(begun)) == sanitised(view(done)) != view(done)


@pytest.mark.parametrize("text", ["✓ the loss falls\n", "✗ the loss falls (False)\n", "○ open\n", "✓ a\n✓ 0.1 b\n"])
def test_claims_are_compared_as_they_are(text, sanitised):
    assert sanitised(text) == text


# The real nbval, in two kernels

RIGHT_STUB = "def vae_loss(distortion, rate):\n    return np.mean(rate + distortion)"
WRONG_STUB = "def vae_loss(distortion, rate):\n    return np.mean(distortion)"
RAISING_STUB = "def vae_loss(distortion, rate):\n    return 1 / 0"
OPEN_STUB = "def vae_loss(distortion, rate):\n    raise NotImplementedError"
CHECK = 'check("0.1", vae_loss)'
FIGURE = """\
figure, axes = figures.new(width=2, height=2)
axes.plot(np.random.default_rng().normal(size=9))
figures.show(figure, alt="A line that goes up and down.")
"""
EXPLORER = """\
def draw(height):
    figure, axes = figures.new(width=2, height=2)
    axes.bar(["rate"], [height * np.random.default_rng().random()])
    return figure, "A bar."


explorers.explorer(draw, try_this="Move it.", alt="One bar of some height.", height=explorers.slider("height", 0, 1, 1))
"""
FIT = """\
import torch
from vae_edu.models.autoencoder import LinearAutoencoder
from vae_edu.objectives import squared_error
from vae_edu.training import fit

x = torch.zeros(8, 3)
history = fit(LinearAutoencoder(3, 1), squared_error, x, epochs=2, generator=torch.Generator().manual_seed(0))
"""
FIT_AGAIN = (
    "history = fit(LinearAutoencoder(3, 1), squared_error, x, epochs=2, generator=torch.Generator().manual_seed(0))"
)


def widget_view(output):
    output.data["application/vnd.jupyter.widget-view+json"] = {"model_id": "0" * 32, "version_major": 2}
    return [output]


def progress_outputs():
    state = Progress(((7, (("7.1", "Another course", True),)),), ())
    return [new_output("execute_result", {"text/plain": repr(state), "text/html": state._repr_html_()})]


def test_what_passes_and_what_fails(parts, tmp_path):
    code, printed, reported, shown = parts.code, parts.printed, parts.reported, parts.shown
    unchecked, solved = reported("○ 0.1 not attempted yet"), reported("✓ 0.1 The loss of one batch")
    bar, line = "One bar of some height.", "A line that goes up and down."
    empty = new_output("display_data", {})  # what a progress bar leaves in JupyterLab when it has ended
    strict = 'import os\n\nos.environ["VAE_EDU_STRICT"] = "1"\nclaim("it holds", 1 > 2)'
    cells = {
        "set-up": (code(parts.setup), "passed"),
        "stored open, run open": ([code(OPEN_STUB), code(CHECK, outputs=unchecked)], "passed"),
        "stored open, run right": ([code(RIGHT_STUB), code(CHECK, outputs=unchecked)], "passed"),
        "stored right, run right": (code(CHECK, outputs=solved), "passed"),
        "stored right, run open": ([code(OPEN_STUB), code(CHECK, outputs=solved)], "passed"),
        "stored open, run wrong": ([code(WRONG_STUB), code(CHECK, outputs=unchecked)], "failed"),
        "stored right, run wrong": (code(CHECK, outputs=solved), "failed"),
        "stored open, run raises": ([code(RAISING_STUB), code(CHECK, outputs=unchecked)], "failed"),
        "stored for another exercise": (
            [code(OPEN_STUB), code(CHECK, outputs=reported("○ 0.2 not attempted yet"))],
            "failed",
        ),
        "progress in another state": (code("progress()", outputs=progress_outputs()), "passed"),
        "progress with nothing stored": (code("progress()"), "failed"),
        "claim holds": (code('claim("it holds", 2 > 1)', outputs=printed("✓ it holds\n")), "passed"),
        "claim fails": (code('claim("it holds", 1 > 2)', outputs=printed("✓ it holds\n")), "failed"),
        "claim with another sentence": (code('claim("it holds", 2 > 1)', outputs=printed("✓ it held\n")), "failed"),
        "figure with another picture": (code(FIGURE, outputs=shown(line)), "passed"),
        "figure with another alt text": (code(FIGURE, outputs=shown("A line that falls all the way.")), "failed"),
        "figure not stored": (code(FIGURE), "failed"),
        "explorer stored as a picture": (code(EXPLORER, outputs=shown(bar)), "passed"),
        "explorer stored by a learner": (code(EXPLORER, outputs=widget_view(shown(bar)[0])), "passed"),
        "explorer with another alt text": (code(EXPLORER, outputs=shown("Two bars of some height.")), "failed"),
        "training stores nothing": (code(FIT), "passed"),
        "training stored by a learner": (code(FIT_AGAIN, outputs=[empty]), "passed"),
        "training that stored its bar": (code(FIT_AGAIN, outputs=printed("100%|####| 2/2\n")), "failed"),
        "ignored output": (code("print(rng.random())", "nbval-ignore-output", outputs=printed("0.1\n")), "passed"),
        "output not ignored": (code("print(rng.random())", outputs=printed("0.1\n")), "failed"),
        "strict claim fails, as stored": (code(strict, outputs=printed("✗ it holds (False)\n")), "failed"),
    }
    groups = {name: group if isinstance(group, list) else [group] for name, (group, _) in cells.items()}
    path = tmp_path / "00_small.ipynb"
    nbformat.write(parts.counted(new_notebook(cells=[cell for group in groups.values() for cell in group])), path)

    outcomes, output = nbval(path, VAE_EDU_STRICT="0")

    assert len(outcomes) == sum(map(len, groups.values())), output
    each = iter(outcomes)
    found = {name: [next(each) for _ in group] for name, group in groups.items()}
    expected = {name: ["passed"] * (len(group) - 1) + [cells[name][1]] for name, group in groups.items()}
    assert found == expected, output


def test_what_an_author_executes_and_stores_keeps_the_standard_and_passes(model, stored):
    """From sources to a stored notebook, by the functions behind `make notebooks`, and through nbval as in `make test`."""
    for cell in model.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    execution = execute(model, threads=1)
    assert execution.failure is None
    path = stored(model)
    store(tidy(execution.notebook), path)
    assert violations(path) == []
    codes = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [len(cell.outputs) for cell in codes if not {"setup", "exercise-0.1"} & {*tags(cell)}] == [1] * 6
    outcomes, output = nbval(path, VAE_EDU_STRICT="1")
    assert outcomes == ["passed"] * len(codes), output
