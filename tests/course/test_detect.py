"""``vae-edu detect``: what it finds, what it writes, and one line for whatever is wrong."""

import csv
import os
import re
from collections import namedtuple
from functools import partial

import numpy as np
import psutil
import pytest
from PIL import Image
from typer.testing import CliRunner

from vae_edu.course import detect
from vae_edu.course.cli import app
from vae_edu.data import csv_table
from vae_edu.evaluation.cross_fitting import Budget, cross_fit

ROWS = 240
PLANTED = 100  # the row, counted from 0, that has the wrong value
NAMES = ("speed", "weight", "angle", "heat")


@pytest.fixture(autouse=True)
def small_budget(monkeypatch):
    """Enough to run, not to learn: most of what is tested here is the same for any scores."""
    monkeypatch.setattr(detect, "REPEATS", 30)
    monkeypatch.setattr(detect, "cross_fit", partial(cross_fit, budget=Budget(parts=2, latents=(2,), steps=(20,))))


@pytest.fixture
def trained(monkeypatch, small_budget):
    """Enough to learn what hangs together."""
    monkeypatch.setattr(detect, "cross_fit", partial(cross_fit, budget=Budget(parts=2, latents=(2,), steps=(250,))))


def table(missing=0.0, rows=ROWS):
    """Four columns that hang together, one of which is wrong in one row: angle should be the half of speed plus weight there."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(rows, 2))
    x = np.stack([z[:, 0], z[:, 1], z.sum(axis=1) / 2, z[:, 0] - z[:, 1]], axis=1) + 0.1 * rng.normal(size=(rows, 4))
    x[rng.random(x.shape) < missing] = np.nan
    if rows > PLANTED:
        x[PLANTED, :2], x[PLANTED, 2], x[PLANTED, 3] = 0.3, -5.0, 0.0
    return x


def write(path, x, names=NAMES, delimiter=",", **more):
    """The file, with more columns of text."""
    names = (*names, *more)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(names)
        for row, others in zip(x, zip(*more.values(), strict=True) if more else [()] * len(x), strict=True):
            writer.writerow(["" if np.isnan(each) else f"{each:.4f}" for each in row] + list(others))
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.csv"


def run(path, *options):
    return CliRunner().invoke(app, ["detect", str(path), *options])


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def labels(rows=ROWS, anomalies=(PLANTED, 7, 19, 55)):
    return ["1" if row in anomalies else "0" for row in range(rows)]


class TestFinding:
    @pytest.mark.parametrize("missing", [0.0, 0.1])
    def test_a_planted_anomaly_is_found_and_explained_by_its_column(self, missing, path, trained):
        ran = run(write(path, table(missing)))
        assert ran.exit_code == 0, ran.output
        rows = read(path.with_name("mine.scores.csv"))
        assert len(rows) == ROWS
        worst = max(rows, key=lambda row: float(row["score"]))
        assert (int(worst["line"]), worst["first column"]) == (PLANTED + 2, "angle")
        first = next(line for line in ran.stdout.splitlines() if line.startswith("  line "))
        assert re.match(rf"  line +{PLANTED + 2} .* angle = -5 \(\d", first)
        assert Image.open(path.with_name("mine.scores.png")).size[0] > 500
        assert ("missing: none" in ran.stdout) == (missing == 0)

    def test_alarms_are_the_scores_above_the_threshold(self, path):
        ran = run(write(path, table(0.1)), "--false-alarms", "0.05")
        rows = read(path.with_name("mine.scores.csv"))
        threshold = float(re.search(r"Threshold (\S+) nats", ran.stdout)[1])
        for row in rows:
            if abs(float(row["score"]) - threshold) > 0.01:
                assert int(row["alarm"]) == (float(row["score"]) > threshold)
        # the 229th smallest of 240 is the threshold, since 241 × 0.95 = 228.95
        assert sum(int(row["alarm"]) for row in rows) == 11
        assert f"11 of {ROWS} rows score higher" in ran.stdout

    def test_a_missing_value_is_never_to_blame(self, path):
        x = table(0.1)
        run(write(path, x))
        for row, values in zip(read(path.with_name("mine.scores.csv")), x, strict=True):
            for name, value in zip(NAMES, values, strict=True):
                assert not np.isnan(value) or float(row[f"relief of {name}"]) == 0
                assert not np.isnan(value) or name not in (row["first column"], row["second column"])

    def test_rows_with_missing_values_score_neither_lower_nor_higher_than_others(self, path, trained):
        x = table(rows=900)
        x[::2, 1] = np.nan
        run(write(path, x))
        score = np.array([float(row["score"]) for row in read(path.with_name("mine.scores.csv"))])
        assert abs(np.median(score[::2]) - np.median(score[1::2])) < 0.5 * np.std(
            score[score < np.quantile(score, 0.95)]
        )

    def test_the_same_seed_gives_the_same_files_and_another_seed_others(self, path):
        write(path, table(0.1), label=labels())
        texts = []
        for number, seed in enumerate(("3", "3", "4")):
            output = path.with_name(f"{number}.csv")
            ran = run(path, "--label", "label", "--seed", seed, "--output", str(output))
            texts.append((output.read_text(), ran.stdout.rsplit("written")[0], output.with_suffix(".png").read_bytes()))
        assert texts[0] == texts[1]
        assert texts[0][0] != texts[2][0]

    def test_decimal_commas_and_categories(self, path, trained):
        x = table()
        cities = ["Rome" if row % 3 else "Oslo, north" for row in range(ROWS)]
        cities[33] = "Nuuk"
        write(path, x, delimiter=";", city=cities)
        path.write_text(path.read_text().replace(".", ","))
        found = csv_table.read_csv(path, one_hot=["city"])
        np.testing.assert_allclose(found.x[:, :4], x, atol=1e-4)
        assert found.kinds == ("real", "real", "real", "real", 3)
        assert [found.shown(row, 4) for row in (0, 1, 33)] == ["Oslo, north", "Rome", "Nuuk"]
        ran = run(path, "--one-hot", "city")
        assert ran.exit_code == 0
        assert re.search(r"line +35 .*city = Nuuk", ran.stdout)

    def test_columns_of_zeros_and_ones_are_binary_and_marks_are_missing_values(self, path):
        flags = ["1", "0", "NA", "?", "null", "-"] * (ROWS // 6)
        found = csv_table.read_csv(write(path, table(), flag=flags))
        assert found.kinds[-1] == "binary"
        assert np.isnan(found.x[:, -1]).mean() == pytest.approx(4 / 6)

    def test_constant_columns_are_dropped_and_named(self, path):
        ran = run(write(path, table(), fixed=["7"] * ROWS))
        assert ran.exit_code == 0
        assert "dropped, for they hold a single value: fixed" in ran.stdout
        assert "4 columns used" in ran.stdout

    def test_a_column_that_counts_the_rows_is_pointed_out(self, path):
        ran = run(write(path, table(), id=map(str, range(17, 17 + ROWS))))
        assert "numbers its rows from top to bottom, so probably of no use here: id (--exclude)" in ran.stdout
        assert "numbers its rows" not in run(path, "--exclude", "id").stdout

    def test_without_labels_it_says_what_training_on_all_rows_costs_and_where_a_control_agrees(self, path):
        out = run(write(path, table())).stdout
        assert "If anomalies are among the rows, the detectors have learned them as normal" in out
        assert "Where a control finds the same rows, you do not need a VAE for them." in out
        assert "AUROC" not in out


class TestLabels:
    def test_measures_are_those_of_scikit_learn(self, path):
        from sklearn.metrics import average_precision_score, roc_auc_score

        ran = run(write(path, table(), label=labels()), "--label", "label")
        rows = read(path.with_name("mine.scores.csv"))
        truth = [int(row["anomaly"]) for row in rows]
        assert truth == [int(each) for each in labels()]
        for name, column in (("VAE", "score"), ("k-NN", "k-NN"), ("PCA", "PCA")):
            printed = re.search(rf"^{name} +(\S+) \(.*?\) +(\S+) \(", ran.stdout, re.MULTILINE)
            score = [float(row[column]) for row in rows]
            assert float(printed[1]) == pytest.approx(roc_auc_score(truth, score), abs=1e-3)
            assert float(printed[2]) == pytest.approx(average_precision_score(truth, score), abs=1e-3)
        assert "There are only 4 anomalies: too few" in ran.stdout

    def test_labels_are_no_column_and_keep_anomalies_out_of_training(self, path, monkeypatch):
        seen = []

        def spy(x, kinds, **more):
            seen.append((x.shape[1], None if more["leave_out"] is None else more["leave_out"].nonzero()[0].tolist()))
            return cross_fit(x, kinds, budget=Budget(parts=2, latents=(2,), steps=(50,)), **more)

        monkeypatch.setattr(detect, "cross_fit", spy)
        write(path, table(), label=labels())
        clean = run(path, "--label", "label").stdout
        contaminated = run(path, "--label", "label", "--contaminated").stdout
        assert seen == [(4, [7, 19, 55, PLANTED]), (4, None)]
        assert "Only rows labelled normal were trained on" in clean
        assert "This has a cost" in contaminated

    @pytest.mark.parametrize(
        ("values", "option", "counted"),
        [
            ("01", (), "1"),
            (("no", "Yes"), (), "Yes"),
            (("ok", "bad"), ("--anomaly", "bad"), "bad"),
            ("01", ("--anomaly", "0"), "0"),
        ],
    )
    def test_which_label_is_the_anomaly(self, values, option, counted, path):
        own = [values[int(each)] for each in labels(anomalies=range(60, 140))]
        ran = run(write(path, table(), state=own), "--label", "state", *option)
        assert ran.exit_code == 0, ran.output
        assert f"labels: {counted!r} is an anomaly: {own.count(counted)} rows" in ran.stdout

    def test_a_cost_ratio_sets_the_threshold(self, path, trained):
        write(path, table(), label=labels())
        alarms = []
        for ratio in ("0.001", "100000"):
            ran = run(path, "--label", "label", "--cost-ratio", ratio)
            assert f"if a miss costs {float(ratio):g} false alarms" in ran.stdout
            alarms.append(int(re.search(r"^(\d+) of 240 rows score higher", ran.stdout, re.MULTILINE)[1]))
        rows = read(path.with_name("mine.scores.csv"))
        assert all(int(row["alarm"]) for row in rows if int(row["anomaly"]))  # a miss costs more than all false alarms
        assert alarms[0] <= 1 < alarms[1]

    @pytest.mark.parametrize(
        ("better", "worse", "says"),
        [
            (0.0, 1.5, "the VAE is better than the best control, k-NN"),
            (1.5, 0.0, "use k-NN, not a VAE"),
            (0.5, 0.5, "use the simpler k-NN"),
        ],
    )
    def test_the_verdict(self, better, worse, says):
        rng = np.random.default_rng(1)
        truth = np.arange(600) < 60
        score = 2.0 * truth + better * rng.normal(size=600) + 0.3 * rng.normal(size=600)
        control = 2.0 * truth + worse * rng.normal(size=600) + 0.3 * rng.normal(size=600)
        assert says in detect.verdict(truth, score, control, "k-NN", rng=rng, repeats=200)


def refused(ran, path, *words):
    """One line on stderr, status 1, nothing printed and nothing written."""
    assert isinstance(ran.exception, SystemExit), ran.exception
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.count("\n") == 1
    for word in words:
        assert word in ran.stderr
    assert [each.name for each in path.parent.iterdir()] in ([path.name], [])


class TestRefusing:
    def test_a_file_that_is_not_there(self, path):
        refused(run(path), path, f"there is no file {path}")

    def test_a_folder(self, tmp_path):
        ran = run(tmp_path / "..")
        assert (ran.exit_code, ran.stderr.count("\n")) == (1, 1)
        assert "is not a file" in ran.stderr

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "mine.csv is empty"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "not a CSV file"),
            (b"name,a\0b\n1,2\n", "not a CSV file"),
            ("Größe,b\n1,2\n".encode("latin-1"), "save it as CSV in UTF-8"),
            (b"only\n" + b"1\n" * 60, "it has one column"),
            (b"a,b\n" + b"1,2\n" * 60 + b"1,2,3\n", "line 62 has 3 cells, and the first line has 2"),
            (b'a,b\n1,"2\n', "is not a CSV table: line 2"),
            (b"1,2\n" * 60, "begins with a line of numbers"),
            (b"a,b,a\n" + b"1,2,3\n" * 60, "more than one column 'a'"),
            (b"a,b\n" + b"1,2\n" * 49, "has 49 rows; 50 are the fewest"),
            (b"a,b\n" + b"1,2\n" * 50, "no column left whose values differ"),
        ],
    )
    def test_what_is_no_table(self, content, words, path):
        path.write_bytes(content)
        refused(run(path), path, words)

    def test_text_columns_are_named_with_what_to_do_about_each(self, path):
        names = [f"somebody {row}" for row in range(ROWS)]
        write(path, table(), city=["Rome", "Oslo"] * (ROWS // 2), **{"full name": names})
        refused(run(path), path, "city ('Rome' in line 2)", "full name ('somebody 0' in line 2)")
        refused(run(path), path, '--one-hot city --exclude "full name"')
        refused(
            run(path, "--exclude", "city", "--one-hot", "full name"),
            path,
            "240 different values in full name",
            '--exclude "full name"',
        )
        assert run(path, "--one-hot", "city", "--exclude", "full name").exit_code == 0

    def test_a_column_without_a_value(self, path):
        refused(run(write(path, table(), void=["NA"] * ROWS)), path, "no value at all in void", "--exclude void")
        refused(run(path, "--one-hot", "void"), path, "no value at all in void")

    @pytest.mark.parametrize("value", ["inf", "-Infinity", "1e999"])
    def test_infinite_values(self, value, path):
        own = [value if row == 30 else str(row % 7) for row in range(ROWS)]
        refused(run(write(path, table(), odd=own)), path, "infinite values in odd (line 32)")

    @pytest.mark.parametrize("option", ["--label", "--exclude", "--one-hot"])
    def test_a_column_that_is_not_there(self, option, path):
        refused(run(write(path, table()), option, "labl"), path, "no column 'labl'", "speed, weight, angle and heat")

    def test_labels_of_one_class_missing_or_unclear(self, path):
        def with_labels(own, *options):
            return run(write(path, table(), label=own), "--label", "label", *options)

        refused(with_labels(["0"] * ROWS), path, "labels of one class", "'0'")
        refused(with_labels(["", *labels()[1:]]), path, "no label in line 2")
        refused(with_labels(["a", "b"] * (ROWS // 2)), path, "the labels 'a' and 'b'", "--anomaly")
        refused(with_labels(["a", "b"] * (ROWS // 2), "--anomaly", "c"), path, "'c' is not among them")
        refused(with_labels(labels(anomalies=range(ROWS - 20))), path, "only 20 rows are labelled normal")

    def test_too_few_different_rows(self, path):
        x = np.repeat(table(rows=3), [200, 3, 3], axis=0)
        refused(run(write(path, x)), path, "too few different rows")

    def test_a_file_too_large_for_memory_is_not_read(self, path, monkeypatch):
        write(path, table())
        Memory = namedtuple("Memory", "available")
        monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(200_000))
        monkeypatch.setattr(csv_table.csv, "reader", lambda *_, **__: pytest.fail("the file was read"))
        refused(run(path), path, "is too large", "241 rows or so", "give it a random part of the rows")

    def test_the_estimate_of_rows_and_memory_is_about_right(self, path, monkeypatch):
        write(path, table(rows=20_000))
        Memory = namedtuple("Memory", "available")
        monkeypatch.setattr(csv_table, "SAMPLE", 4096)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(1e6))
        with pytest.raises(csv_table.CsvError, match=r"its (19|20),\d+ rows .* need about 0\.01 GB"):
            csv_table.read_csv(path)

    def test_outputs_that_cannot_be_written(self, path, monkeypatch):
        write(path, table())
        monkeypatch.setattr(detect, "cross_fit", lambda *_, **__: pytest.fail("it began before it looked"))
        refused(run(path, "--output", str(path)), path, "is the table itself")
        refused(run(path, "--output", str(path.parent)), path, "it is a folder")
        refused(run(path, "--output", str(path.parent / "no" / "x.csv")), path, "there is no folder")
        refused(run(path, "--output", str(path.parent / "x.png")), path, "both the scores and the plot")
        monkeypatch.setattr(detect.os, "access", lambda _path, mode: mode != os.W_OK)
        refused(run(path), path, "no permission to write")

    def test_a_failure_in_writing_leaves_nothing_behind(self, path, monkeypatch):
        write(path, table())

        def full(*_):
            raise OSError(28, "No space left on device")
            yield

        monkeypatch.setattr(detect, "_rows", full)
        refused(run(path), path, "cannot be written: No space left on device")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--false-alarms", "0"), "expected a fraction between 0 and 1"),
            (("--cost-ratio", "5"), "needs labels"),
            (("--cost-ratio", "-1"), "expected a positive number"),
            (("--cost-ratio", "5", "--base-rate", "2"), "--base-rate is 2"),
            (("--base-rate", "0.1"), "--base-rate is for --cost-ratio"),
            (("--cost-ratio", "5", "--false-alarms", "0.1"), "give one of them"),
        ],
    )
    def test_options_that_do_not_fit(self, options, words, path):
        refused(run(write(path, table()), *options), path, words)

    def test_too_few_rows_for_the_false_alarm_rate_are_no_error_but_raise_no_alarm(self, path):
        ran = run(write(path, table(rows=60)))
        assert (
            "Threshold inf: none: 60 rows are too few for a false-alarm rate of 0.01; choose --false-alarms 0.017"
            in ran.stdout
        )
        assert "0 of 60 rows score higher" in ran.stdout
        assert "Threshold inf" not in run(path, "--false-alarms", "0.017").stdout


def test_help_says_what_it_is_for():
    out = CliRunner().invoke(app, ["detect", "--help"]).stdout
    for word in (
        "FILE.csv",
        "--label",
        "--exclude",
        "--one-hot",
        "trained on other rows",
        "whether you need a VAE at all",
    ):
        assert word in " ".join(out.split())
