"""The command line, ``vae-edu``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from vae_edu.course.places import NotACheckout, mine, notebook_path, notebook_paths, root
from vae_edu.course.terminal import plain_where_needed

app = typer.Typer(
    help="A course on variational autoencoders.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

Numbers = Annotated[list[str] | None, typer.Argument(help="Numbers of notebooks, as 04; all when none is given.")]


@app.callback()
def _start() -> None:
    plain_where_needed()


def _paths(numbers: list[str] | None) -> list[Path]:
    try:
        return [notebook_path(number) for number in numbers] if numbers else notebook_paths()
    except (ValueError, NotACheckout) as error:
        _fail(str(error))


def _fail(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(2)


@app.command()
def doctor() -> None:
    """Check this machine: one line per thing, with a remedy. Exit status 1 when something essential is missing."""
    from vae_edu.course.learner.doctor import examine

    missing = 0
    for finding in examine():
        typer.echo(str(finding))
        missing += finding.state == "missing"
    raise typer.Exit(1 if missing else 0)


@app.command()
def lab() -> None:
    """Make your own copies of the notebooks, or bring them up to date, and open JupyterLab on the first."""
    from vae_edu.course.learner.copies import CopiesError, refresh
    from vae_edu.course.learner.lab import open_lab

    try:
        for line in refresh():
            typer.echo(line)
        raise typer.Exit(open_lab())
    except (CopiesError, NotACheckout, ValueError) as error:
        _fail(str(error))


@app.command()
def exercises(as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False) -> None:
    """List all exercises."""
    from vae_edu.exercises.registry import all_exercises

    names = {path.stem[:2]: path.stem for path in _paths(None)}
    rows = [
        {
            "id": each.id,
            "title": each.title,
            "notebook": names.get(f"{each.chapter:02d}", f"{each.chapter:02d}"),
            "minutes": each.minutes,
            "difficulty": each.difficulty,
            "hints": len(each.hints),
            "mistakes": len(each.mistakes),
        }
        for each in all_exercises()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        dots = "●" * row["difficulty"] + "○" * (3 - row["difficulty"])
        typer.echo(
            f"{row['id']:>5}  {dots}  {row['minutes']:>3} min  {row['mistakes']:>2} known mistakes  {row['title']}"
        )


@app.command()
def solutions(
    numbers: Numbers = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; build/solutions by default.")] = None,
) -> None:
    """Write notebooks with the model answers in place of the stubs, executed, every check passed."""
    from vae_edu.course.teacher.solutions import write_solution

    paths = _paths(numbers)
    folder = out or root() / "build" / "solutions"
    wrong = []
    for path in paths:
        problems = write_solution(path, folder)
        typer.echo("\n".join(f"✗ {problem}" for problem in problems) or f"✓ {path.stem}")
        wrong += problems
    raise typer.Exit(1 if wrong else 0)


@app.command()
def assignment(
    out: Annotated[Path, typer.Option(help="nbgrader's course folder; it is made where there is none.")],
    numbers: Annotated[list[str] | None, typer.Argument(help="Numbers of notebooks, as 04.")] = None,
    only: Annotated[
        str, typer.Option(help="Exercises to take, as 3.2,3.4; of no other notebook is anything written.")
    ] = "",
) -> None:
    """For teachers: write the exercises of notebooks as assignments for nbgrader (pip install 'vae-edu[teach]')."""
    from vae_edu.course.teacher.assignments import write_assignment
    from vae_edu.exercises.registry import find

    chosen = [each.strip() for each in only.split(",") if each.strip()]
    if bool(numbers) == bool(chosen):
        _fail("Name either notebooks, as 04 05, or exercises, as --only 3.2,3.4.")
    of_each: dict[str, list[str]] = {path.stem[:2]: [] for path in _paths(numbers)} if numbers else {}
    try:
        for exercise_id in chosen:
            of_each.setdefault(f"{find(exercise_id).chapter:02d}", []).append(exercise_id)
        for path in _paths(list(of_each)):
            typer.echo(f"✓ {write_assignment(path, out, of_each[path.stem[:2]])}")
    except (FileExistsError, ValueError) as error:
        _fail(str(error))


@app.command("export-grades")
def export_grades(
    course: Annotated[Path, typer.Argument(help="nbgrader's course folder, in which you type its commands.")],
    out: Annotated[
        Path | None, typer.Option(help="CSV file to write; grades-for-platform.csv in the course folder by default.")
    ] = None,
    assignment: Annotated[
        list[str] | None,
        typer.Option(help="An assignment to write, as 04_exercises; may be given again. All by default."),
    ] = None,
    id_from: Annotated[
        Literal["id", "email", "lms_user_id"], typer.Option(help="Which of nbgrader's fields identifies a learner.")
    ] = "id",
    id_column: Annotated[str, typer.Option(help="What your course platform calls that column.")] = "ID number",
    missing: Annotated[
        Literal["0", "empty"], typer.Option(help="What stands for an assignment that was never handed in.")
    ] = "0",
) -> None:
    """For teachers: write nbgrader's grades as a CSV file for a course platform, one column for each exercise.

    A submission that could not be graded is named, has empty cells and not 0, and the command ends with status 1.
    """
    try:
        from vae_edu.course.teacher.grades import GradesError, write_grades
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed. Type: pip install 'vae-edu[teach]'")
    file = out or course / "grades-for-platform.csv"
    try:
        written = write_grades(
            course, file, assignments=assignment or (), id_field=id_from, id_column=id_column, missing=missing
        )
    except GradesError as error:
        _fail(str(error))
    for line in written.ungraded:
        typer.echo(f"✗ {line}")
    typer.echo(f"written: {file}, {written.learners} learners, {written.exercises} exercises")
    raise typer.Exit(1 if written.ungraded else 0)


@app.command()
def handout(
    out: Annotated[Path, typer.Option(help="Folder to write to; it is made where there is none.")],
    numbers: Numbers = None,
) -> None:
    """For teachers: write copies of notebooks without outputs, as learners get them from `vae-edu lab`."""
    from vae_edu.course.cells import read
    from vae_edu.course.executing import store
    from vae_edu.course.learner.copies import learner_copy

    paths = _paths(numbers)
    for path in paths:
        if (out / path.name).exists():
            _fail(f"{out / path.name} is there already: remove it to have it written anew, or give another folder")
    for path in paths:
        store(learner_copy(read(path)), out / path.name)
        typer.echo(f"✓ {out / path.name}")


@app.command()
def figures(
    numbers: Annotated[list[str], typer.Argument(help="Numbers of notebooks, as 04.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to, a folder for each notebook; build/figures by default.")
    ] = None,
    svg: Annotated[
        bool, typer.Option("--svg", help="Run each notebook once, and write its figures as SVG too: a minute or two.")
    ] = False,
) -> None:
    """For teachers: write the pictures and tables of notebooks as files for slides, with what they show in words.

    The stored outputs are taken, and nothing is run: every picture as PNG, diagrams and tables as SVG too, tables as CSV besides.
    """
    from vae_edu.course.teacher.slides import SlidesError, write_figures

    paths = _paths(numbers)
    folder = out or root() / "build" / "figures"
    for path in paths:
        if out and (out / path.stem).exists():
            _fail(f"{out / path.stem} is there already: remove it to have it written anew, or give another folder")
    for path in paths:
        try:
            written = write_figures(path, folder / path.stem, vector=svg)
        except (SlidesError, ValueError) as error:
            _fail(str(error))
        typer.echo(f"✓ {path.stem}: {len(written)} files; open {folder / path.stem / 'index.html'}")


@app.command("check-mine")
def check_mine(numbers: Numbers = None) -> None:
    """Say where each exercise stands in your own copies of the notebooks: runs the exercises, and nothing else of them.

    Ends with status 1 where an answer is wrong, or where something could not be checked.
    """
    from vae_edu.course.learner.standing import other_copies, standing

    paths = _paths(numbers)
    if not mine().exists():
        typer.echo("You have no copies of the notebooks yet. Type: make lab (or: vae-edu lab)")
        return
    wrong = False
    for path in paths:
        typer.echo(path.stem)
        own = mine() / path.name
        try:
            lines = list(standing(own).values()) if own.exists() else ["✗ not in mine/; to get it, type: vae-edu lab"]
        except ValueError as error:
            lines = [f"✗ {error}"]
        for line in lines:
            typer.echo(f"  {line}")
            wrong |= line.startswith("✗")
        for name in other_copies(own):
            typer.echo(f"  {name} lies beside it and is not checked: rename the one that counts to {path.name}")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def reset(numbers: Annotated[list[str], typer.Argument(help="Numbers of the notebooks to bring back, as 04.")]) -> None:
    """Bring back the course's notebook in mine/; yours is kept beside it under another name."""
    from vae_edu.course.learner.copies import CopiesError
    from vae_edu.course.learner.copies import reset as bring_back

    for path in _paths(numbers):  # all numbers are right before anything is changed
        try:
            aside = bring_back(path)
        except (CopiesError, ValueError) as error:
            _fail(str(error))
        kept = f"; yours is kept as mine/{aside.name}" if aside else ""
        typer.echo(f"✓ mine/{path.name} is the course's{kept}")


@app.command()
def train(
    data: Annotated[Literal["digits", "embedded", "full"], typer.Option(help="The images to train on.")] = "embedded",
    model: Annotated[
        Literal["mlp", "residual", "conv", "residual-conv", "masked-conv"], typer.Option(help="The architecture.")
    ] = "mlp",
    likelihood: Annotated[
        Literal["bernoulli", "learned-gaussian", "optimal-gaussian", "discretised-logistic"],
        typer.Option(help="What the decoder's output means."),
    ] = "bernoulli",
    prior: Annotated[
        Literal["normal", "mixture"], typer.Option(help="N(0, I), or a hundred Gaussians that are learned too.")
    ] = "normal",
    latent: Annotated[int, typer.Option(min=1, help="Latent dimensions.")] = 40,
    beta: Annotated[float, typer.Option(help="Multiplies the rate in the loss; what is reported is at 1.")] = 1.0,
    epochs: Annotated[int, typer.Option(min=1)] = 50,
    batch_size: Annotated[int, typer.Option(min=1, help="Of all processes together.")] = 128,
    learning_rate: Annotated[float, typer.Option(help="The peak of a cosine schedule.")] = 1e-3,
    max_norm: Annotated[float | None, typer.Option(help="Longer gradients are scaled down to this length.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    draws: Annotated[int, typer.Option(min=0, help="For the test log-likelihood; 0 leaves it out.")] = 5000,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to and to resume from; build/train by default.")
    ] = None,
) -> None:
    """Train a VAE, resuming where a stopped run left off; under torchrun, on many processes. Writes weights and result.json."""
    from vae_edu import processes
    from vae_edu.data import DataNotFound
    from vae_edu.experiments import train as training
    from vae_edu.training import TrainingDiverged

    run = training.Run(
        data, model, likelihood, prior, latent, beta, epochs, batch_size, learning_rate, max_norm, seed, draws
    )
    try:
        folder = out or root() / "build" / "train"
        with processes.together():
            scores = training.train(run, folder)["test"]
            if processes.number() == 0:
                by_draws = {f"by {draws} draws": nll for draws, nll in scores.pop("by_draws", {}).items()}
                typer.echo("\n".join(f"{name:>24} {value:.6g}" for name, value in (scores | by_draws).items()))
                typer.echo(f"written to {folder}")
    except (ValueError, DataNotFound, NotACheckout, TrainingDiverged) as error:
        _fail(str(error))


@app.command()
def detect(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV file of numbers whose first line names the columns.", metavar="FILE.csv", readable=False
        ),
    ],
    label: Annotated[
        str | None, typer.Option(help="The column that says which rows are anomalies, where there is one.")
    ] = None,
    anomaly: Annotated[
        str | None,
        typer.Option(help="The label of an anomaly; 1, true, yes, anomaly or outlier where it is not given."),
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A column to leave out; may be given again.")] = None,
    one_hot: Annotated[
        list[str] | None, typer.Option(help="A column to take as a category, of at most 20 levels; may be given again.")
    ] = None,
    false_alarms: Annotated[
        float | None,
        typer.Option(help="Fraction of normal rows that may raise an alarm; sets the threshold. 0.01 by default."),
    ] = None,
    cost_ratio: Annotated[
        float | None,
        typer.Option(help="How many false alarms a miss costs; sets the threshold instead, and needs labels."),
    ] = None,
    base_rate: Annotated[
        float | None,
        typer.Option(
            help="Fraction of anomalies among the rows to come, for --cost-ratio; that of FILE.csv by default."
        ),
    ] = None,
    contaminated: Annotated[
        bool, typer.Option("--contaminated", help="Train on rows labelled anomalies too, as if there were no labels.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="CSV file to write; FILE.scores.csv by default. The plot lies beside it.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**31, help="The same seed gives the same scores on the same machine.")
    ] = 0,
) -> None:
    """Find unusual rows in a table of your own, with a VAE and simpler detectors beside it.

    Every row is scored by models that were trained on other rows. Writes a plot and the scores, with the relief of each
    column: by how many nats the score falls if the value there is taken as missing. Prints a summary: the threshold, the ten
    most anomalous rows and why, and with labels how good each detector is, and whether you need a VAE at all.

    With labels, the models are trained on normal rows alone; without, on all rows. If anomalies are among these, fewer of
    them are found.
    """
    from vae_edu.course.detect import DetectError, Wish, outputs, summary, write
    from vae_edu.course.detect import detect as find
    from vae_edu.data.csv_table import CsvError, read_csv
    from vae_edu.training import TrainingDiverged

    try:
        wish = Wish(false_alarms, cost_ratio, base_rate, contaminated, seed)
        scores, plot = outputs(file, output)
        table = read_csv(file, label=label, anomaly=anomaly, exclude=exclude or (), one_hot=one_hot or ())
        found = find(table, wish)
        text = summary(file.name, found)
        write(found, scores, plot)
    except (CsvError, DetectError, TrainingDiverged) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{text}\n\nwritten: {scores} and {plot}")


@app.command()
def site(
    out: Annotated[Path | None, typer.Option(help="Folder to write to; build/site by default.")] = None,
    still: Annotated[
        bool, typer.Option("--still", help="Run no notebook: pads and explorers that are not drawn yet stay pictures.")
    ] = False,
    moving: Annotated[
        list[str] | None,
        typer.Option(help="Run this notebook first and draw its explorers' states, as 04; once for each notebook."),
    ] = None,
    all_moving: Annotated[
        bool, typer.Option("--all-moving", help="The same for all notebooks: the first time, an hour.")
    ] = False,
) -> None:
    """Build the course as a web site from the stored notebooks (pip install 'vae-edu[site]').

    Notebooks with a latent pad are run, and those whose explorers shall move: each once, and not again until it changes.
    """
    from vae_edu.course.author.moving import draw_all, has_pad
    from vae_edu.course.author.site import build_site

    folder = out or root() / "build" / "site"
    chosen = _paths(moving) if moving or all_moving else []
    if not still:
        chosen = [path for path in _paths(None) if path in chosen or has_pad(path)]
    try:
        for path in draw_all(chosen, folder / "states"):
            typer.echo(f"explorers of {path.stem}: drawn")
        typer.echo(f"written: {build_site(folder)}")
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed. Type: pip install 'vae-edu[site]'")
    except (RuntimeError, ValueError) as error:
        _fail(str(error))


@app.command()
def pdf(
    out: Annotated[Path | None, typer.Option(help="Folder to write to; build by default.")] = None,
) -> None:
    """Print the course as one PDF through Chromium, from the stored notebooks (pip install 'vae-edu[site,test]')."""
    from vae_edu.course.author.pdf import NoChromium, print_course

    try:
        typer.echo(f"written: {print_course(out or root() / 'build')}")
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed. Type: pip install 'vae-edu[site,test]'")
    except (NoChromium, NotACheckout) as error:
        _fail(str(error))


@app.command()
def results(
    number: Annotated[str, typer.Argument(help="The number of a notebook with a long sweep, as 11.")],
    out: Annotated[Path | None, typer.Option(help="File to write; the one that the notebook reads by default.")] = None,
) -> None:
    """For authors: run the sweep that is too long for a notebook, and write its results file."""
    from vae_edu.experiments.results import ResultsError, make

    try:
        path = make(number, out, report=typer.echo)
    except ResultsError as error:
        _fail(str(error))
    typer.echo(f"written to {path}")


@app.command("run")
def run_notebooks(
    numbers: Numbers = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the executed copies; build/run by default.")] = None,
) -> None:
    """Run notebooks as they are, without a browser: seconds, peak memory, and an executed copy of each; yours stay untouched."""
    from vae_edu.course.cells import read, text_of
    from vae_edu.course.executing import execute, store, tidy

    paths = _paths(numbers)
    folder = out or root() / "build" / "run"
    failed = False
    typer.echo(f"{'':40} {'seconds':>8} {'peak MB':>8}")
    for path in paths:
        execution = execute(read(path), name=path.stem, strict=False)
        store(tidy(execution.notebook), folder / path.name)
        claims = (cell for cell in execution.notebook.cells if cell.cell_type == "code" and "claim(" in cell.source)
        trouble = [line for cell in claims for line in text_of(cell).splitlines() if line.startswith("✗")]
        trouble += [execution.failure] if execution.failure else []
        peak = f"{execution.peak_mb:8.0f}" if execution.peak_mb else f"{'?':>8}"
        typer.echo(f"{'✗' if trouble else '✓'} {path.stem:38} {execution.seconds:8.1f} {peak}")
        typer.echo("".join(f"  {each}\n" for each in trouble), nl=False)
        failed = failed or bool(trouble)
    typer.echo(f"executed copies are in {folder}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def execute(numbers: Numbers = None) -> None:
    """For authors: draw the diagrams of notebooks anew, re-execute the notebooks in place, alone, and store their seconds."""
    from vae_edu.course.cells import read
    from vae_edu.course.executing import execute as run
    from vae_edu.course.executing import redraw, store, tidy

    for path in _paths(numbers):
        try:
            notebook = redraw(read(path))
        except ValueError as error:
            _fail(f"{path.stem} is left as it was: {error}")
        execution = run(notebook, name=path.stem)
        if execution.failure:
            _fail(f"{path.stem} is left as it was: {execution.failure}")
        execution.notebook.metadata.setdefault("vae_edu", {})["seconds"] = round(execution.seconds, 1)
        store(tidy(execution.notebook), path)
        typer.echo(f"✓ {path.stem}  {execution.seconds:.1f} s")


@app.command()
def standard(numbers: Numbers = None) -> None:
    """For authors: say what in a notebook breaks the course's standard, and what the notebook asks of its reader."""
    from vae_edu.course.author.counting import count
    from vae_edu.course.author.standard import violations
    from vae_edu.course.cells import read

    paths = _paths(numbers)
    failed = False
    for path in paths:
        broken = violations(path)
        typer.echo("\n".join(f"✗ {path.stem}: {what}" for what in broken) or f"✓ {path.stem}")
        typer.echo(f"  {count(read(path))}")
        failed = failed or bool(broken)
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    app()
