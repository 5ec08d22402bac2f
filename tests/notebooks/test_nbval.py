"""The real nbval on small notebooks: what it lets pass, what it must not, and what the sanitising patterns do to it."""

import contextlib
import io
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook, new_output
from nbval.plugin import get_sanitize_patterns

from vae_edu.claims import claim
from vae_edu.course.author.standard import violations
from vae_edu.course.cells import tags
from vae_edu.course.executing import execute, store, tidy
from vae_edu.exercises.desk import Progress, check, use
from vae_edu.exercises.record import Report
from vae_edu.exercises.registry import find
from vae_edu.viz import figures

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


# claims


def of_claims(*lines):
    """What these calls of ``claim`` print."""
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(io.StringIO()) as out:
        patched.setenv("VAE_EDU_STRICT", "0")
        for sentence, *rest in lines:
            claim(sentence, *rest)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "✓ the loss falls\n",
        "✗ the loss falls (False)\n",
        "○ open\n",
        "✓ a\n✓ 0.1 b\n",
        "✓ 0.1 nats at most\n",  # not the report of an exercise
        "✓ 0.1 nats at most\n✓ 2 latents: all is well\n",
        "✗ gap: 12.1 nats (expected 14.2 to 15.0)\n",
        "✓ gap: inf (expected at least 5)\n",  # what is no number is not hidden
        "gap: 12.1 nats (expected 14.2 to 15.0)\n",  # not a claim
        "✓ at K = 10: smaller by 3 (see above)\n",
    ],
)
def test_what_is_no_number_of_a_claim_that_holds_is_compared_as_it_is(text, sanitised):
    assert sanitised(text) == text


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        ([("r = 0.8: K = 4096", 14.63, (14.2, 15.0), "nats")], "✓ r = 0.8: K = 4096: # nats (expected 14.2 to 15.0)\n"),
        ([("4.2 is the title", 14.63, (14, 15))], "✓ 4.2 is the title: # (expected 14 to 15)\n"),
        ([("z (as a score)", -0.7, (-4.0, 4.0))], "✓ z (as a score): # (expected -4.0 to 4.0)\n"),
        (
            [("error: 3 (expected)", 3e-14, (0, 1e-10), "bits²")],
            "✓ error: 3 (expected): # bits² (expected at most 1e-10)\n",
        ),
        ([("large", 3e300, (5, math.inf))], "✓ large: # (expected at least 5)\n"),
        ([("any", -3.25, (-math.inf, math.inf))], "✓ any: # (expected any number)\n"),
        ([("count", 21, (21, 21), "nats per 10 images")], "✓ count: # nats per 10 images (expected 21)\n"),
        (
            [("a", 1, (0, 2)), ("true", True), ("b", 3, (0, 2)), ("c", 0.51, (0.5, 0.6), "%")],
            "✓ a: # (expected at most 2)\n✓ true\n✗ b: 3 (expected at most 2)\n✓ c: # % (expected 0.5 to 0.6)\n",
        ),
    ],
    ids=str,
)
def test_of_a_claim_that_holds_the_number_is_hidden_and_nothing_else(claims, text, sanitised):
    assert sanitised(of_claims(*claims)) == text


# tables

COLUMNS = ["ELBO (nats)", "gap", "10"]
ROWS = {"the prior": [(-22.1, 0.3), 14.6, "2 × 64"], "β = 0.3": [(-7.3, 0.3), 0.0, "64"]}


def of_table(columns=COLUMNS, rows=ROWS, caption="Three seeds each.", **options):
    """The plain text and the HTML of this table."""
    shown = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(figures, "display", lambda data, **_: shown.append(data))
        figures.table(columns, rows, caption=caption, **options)
    return shown[0]


@pytest.fixture
def told_apart(sanitised):
    """Whether nbval tells two tables apart: by their plain text, by their HTML."""

    def compared(one, other):
        return tuple(sanitised(one[kind]) != sanitised(other[kind]) for kind in ("text/plain", "text/html"))

    return compared


@pytest.mark.parametrize(
    ("prior", "beta"),
    [
        ([(-1234.56, 0.0012), 3, "2 × 64"], [(7.3, 12), 1234567, "64"]),
        ([(1e-9, 1e-10), 1e-14, "2 × 64"], [(0.0, 0.0), 0.0, "64"]),
        ([(4, 3), 5e9, "2 × 64"], [(3.5, 0.5), 5, "64"]),
    ],
)
def test_a_table_with_other_numbers_reads_the_same(prior, beta, told_apart, sanitised):
    first, other = of_table(), of_table(rows={"the prior": prior, "β = 0.3": beta})
    assert told_apart(first, other) == (False, False)
    for kind in ("text/plain", "text/html"):
        assert not re.search("22.1|14.6|7.3", sanitised(first[kind]))


def test_a_table_in_percent_reads_the_same(told_apart):
    first, other = (of_table(["it"], {"a": [(x, abs(x) / 7)]}, formats={"it": "+.1%"}) for x in (0.5, -0.625))
    assert told_apart(first, other) == (False, False)


@pytest.mark.parametrize(
    ("columns", "rows", "caption", "apart"),
    [
        (COLUMNS, ROWS, "Five seeds each.", (True, True)),
        (COLUMNS, ROWS, "Three seeds each. 1", (True, True)),
        (["ELBO (bits)", "gap", "10"], ROWS, "Three seeds each.", (True, True)),
        (["ELBO (nats)", "gap", "11"], ROWS, "Three seeds each.", (False, True)),  # a name that is a number
        (COLUMNS, {"a prior": ROWS["the prior"], "β = 0.3": ROWS["β = 0.3"]}, "Three seeds each.", (True, True)),
        (COLUMNS, {"the prior": ROWS["the prior"], "β = 0.4": ROWS["β = 0.3"]}, "Three seeds each.", (True, True)),
        (COLUMNS, dict(reversed(ROWS.items())), "Three seeds each.", (True, True)),
        (COLUMNS, ROWS | {"the prior": [(-22.1, 0.3), 14.6, "3 × 64"]}, "Three seeds each.", (True, True)),
        (COLUMNS, ROWS | {"β = 0.3": [(-7.3, 0.3), 0.0, "65"]}, "Three seeds each.", (False, True)),  # a text likewise
        (COLUMNS, ROWS | {"the prior": [(math.nan, 0.3), 14.6, "2 × 64"]}, "Three seeds each.", (True, True)),
        (COLUMNS, ROWS | {"the prior": [(-22.1, 0.3), math.inf, "2 × 64"]}, "Three seeds each.", (True, True)),
        (
            COLUMNS,
            ROWS | {"the prior": [-22.1, 14.6, "2 × 64"]},
            "Three seeds each.",
            (True, True),
        ),  # its spread is gone
        (COLUMNS, ROWS | {"the prior": [(-22.1, 0.3), "14.6", "2 × 64"]}, "Three seeds each.", (False, True)),
        (COLUMNS, {"the prior": ROWS["the prior"]}, "Three seeds each.", (True, True)),
    ],
)
def test_a_table_that_differs_in_anything_else_is_told_apart(columns, rows, caption, apart, told_apart):
    assert told_apart(of_table(), of_table(columns, rows, caption)) == apart


def test_lines_that_look_a_little_like_a_table_stay(sanitised):
    text = "prior | 14.6 ± 0.3\n─────\n  14.6   0.3\n<td>14.6</td>\n"
    assert sanitised(text) == text


# use


def test_both_lines_of_use_read_the_same(sanitised, capsys):
    lines = []
    for function in (find("0.1").answer, None):
        use("0.1", function)
        lines.append(capsys.readouterr().out)
    assert lines[0] != lines[1]
    assert sanitised(lines[0]) == sanitised(lines[1]) == "0.1: the figures below use vae_loss\n"
    assert sanitised("".join(lines)) == 2 * "0.1: the figures below use vae_loss\n"
    assert sanitised(lines[0].replace("0.1", "0.2")) != sanitised(lines[1])
    assert sanitised(lines[0].replace("vae_loss", "elbo")) != sanitised(lines[1])


# The real nbval, in two kernels

RIGHT_STUB = "def vae_loss(distortion, rate):\n    return (distortion.sum() + rate.sum()) / len(rate)"
WRONG_STUB = "def vae_loss(distortion, rate):\n    return distortion.sum() / len(distortion)"
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


GAP = 'claim("gap", 14.6, between=(14.2, 15.0), unit="nats")'
TOO_SMALL = GAP.replace("14.6", "12.1")
TWO = f'{GAP}\nclaim("it holds", 2 > 1)\nclaim("error", 3e-14, between=(0, 1e-10))'
TABLE = f"figures.table({COLUMNS!r}, {ROWS!r}, caption='Three seeds each.')"
OTHERS = {"the prior": [(-122.148, 0.012), 4.6, "2 × 64"], "β = 0.3": [(-17.3, 2), 3.0, "64"]}
USE = 'mine = use("0.1", vae_loss)'
IMPORT_USE = "from vae_edu.exercises import use"


def gap(sentence="gap", number="14.9", unit="nats", interval="14.2 to 15.0", mark="✓"):
    return f"{mark} {sentence}: {number} {unit} (expected {interval})\n"


def tabled(rows=OTHERS, columns=COLUMNS, caption="Three seeds each."):
    return [new_output("display_data", dict(of_table(columns, rows, caption)))]


def used(whose):
    return f"0.1: the figures below use {whose}\n"


def widget_view(output):
    output.data["application/vnd.jupyter.widget-view+json"] = {"model_id": "0" * 32, "version_major": 2}
    return [output]


def progress_outputs():
    state = Progress(((7, (("7.1", "Another course", True),)),), ())
    return [new_output("execute_result", {"text/plain": repr(state), "text/html": state._repr_html_()})]


def test_with_strict_a_wrong_answer_fails_whatever_output_is_stored(parts, tmp_path):
    code, reported = parts.code, parts.reported
    wrong_output = reported(str(check("0.1", lambda distortion, rate: distortion.sum(axis=1).mean())))
    stubs = {"right": RIGHT_STUB, "open": OPEN_STUB, "wrong": WRONG_STUB, "raising": RAISING_STUB}
    cells = [code(parts.setup)]
    for stub in stubs.values():
        cells += [code(stub), code(CHECK, outputs=wrong_output if stub == WRONG_STUB else [])]
    cells.append(
        code("print(check('0.1', lambda distortion, rate: distortion.sum(axis=1).mean()))")
    )  # shown on purpose
    path = tmp_path / "strict.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    outcomes, output = nbval(path, VAE_EDU_STRICT="1")
    expected = {"right": "passed", "open": "passed", "wrong": "failed", "raising": "failed"}
    assert dict(zip(stubs, outcomes[2::2], strict=False)) == expected, output
    assert outcomes[-1] == "passed"


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
        "claim with another number": (code(GAP, outputs=printed(gap())), "passed"),
        "claim with another number of digits": (code(GAP, outputs=printed(gap(number="14.612"))), "passed"),
        "claim with a sentence that differs": (code(GAP, outputs=printed(gap("gaps"))), "failed"),
        "claim with another unit": (code(GAP, outputs=printed(gap(unit="bits"))), "failed"),
        "claim with another interval": (code(GAP, outputs=printed(gap(interval="14.2 to 15.5"))), "failed"),
        "claim without its number": (code(GAP, outputs=printed("✓ gap\n")), "failed"),
        "claim outside its interval": (code(TOO_SMALL, outputs=printed(gap())), "failed"),
        "claim outside, stored so with another number": (
            code(TOO_SMALL, outputs=printed(gap(number="12.2", mark="✗"))),
            "failed",
        ),
        "several claims": (
            code(TWO, outputs=printed(f"{gap()}✓ it holds\n✓ error: 0 (expected at most 1e-10)\n")),
            "passed",
        ),
        "several claims, the last for another interval": (
            code(TWO, outputs=printed(f"{gap()}✓ it holds\n✓ error: 0 (expected at most 1e-9)\n")),
            "failed",
        ),
        "table with other numbers": (code(TABLE, outputs=tabled()), "passed"),
        "table with another row name": (
            code(TABLE, outputs=tabled({"a prior": OTHERS["the prior"], "β = 0.3": OTHERS["β = 0.3"]})),
            "failed",
        ),
        "table with another column name": (code(TABLE, outputs=tabled(columns=["ELBO (nats)", "gap", "11"])), "failed"),
        "table with another caption": (code(TABLE, outputs=tabled(caption="Five seeds each.")), "failed"),
        "table with another text": (
            code(TABLE, outputs=tabled(OTHERS | {"β = 0.3": [(-17.3, 2), 3.0, "65"]})),
            "failed",
        ),
        "table not stored": (code(TABLE), "failed"),
        "use, stored open, run open": (
            [
                code(IMPORT_USE),
                code(OPEN_STUB),
                code(USE, outputs=printed(used("the course's vae_loss, until yours passes"))),
            ],
            "passed",
        ),
        "use, stored right, run open": (code(USE, outputs=printed(used("your vae_loss"))), "passed"),
        "use, stored right, run right": (
            [code(RIGHT_STUB), code(USE, outputs=printed(used("your vae_loss")))],
            "passed",
        ),
        "use, stored open, run right": (
            code(USE, outputs=printed(used("the course's vae_loss, until yours passes"))),
            "passed",
        ),
        "use, stored for another exercise": (
            code(USE, outputs=printed(used("your vae_loss").replace("0.1", "0.2"))),
            "failed",
        ),
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
    assert [len(cell.outputs) for cell in codes if not {"setup", "exercise-0.1", "exercise-0.2"} & {*tags(cell)}] == [
        1
    ] * 7
    outcomes, output = nbval(path, VAE_EDU_STRICT="1")
    assert outcomes == ["passed"] * len(codes), output
