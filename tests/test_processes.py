"""``fit`` on two processes, which torchrun starts: it takes the steps of one. And on a single process nothing has changed."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch
from torch import distributed, nn

from vae_edu import processes

PROGRAM = Path(__file__).with_name("several_processes.py")
SECONDS = 120  # far more than it takes: a process that waits for another one for ever is stopped


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


on_two = pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs libuv, which PyTorch for Windows lacks")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


def on_two_processes(*arguments):
    """The exit code of ``PROGRAM`` on two processes, and what they printed."""
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        PROGRAM,
        *arguments,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        printed = process.communicate(timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        for each in [*psutil.Process(process.pid).children(recursive=True), process]:
            each.kill()
        pytest.fail(f"no end after {SECONDS} s: {process.communicate()[0]}")
    return process.returncode, printed


@pytest.fixture(scope="module")
def ended(folder):
    return on_two_processes(folder)


@pytest.fixture(scope="module")
def two(folder, ended):
    """What each of two processes found."""
    files = [folder / f"{number}.json" for number in range(2)]
    assert all(file.exists() for file in files), ended[1]
    return [json.loads(file.read_text()) for file in files]


@pytest.fixture(scope="module")
def one():
    """The checks, to be called on this process alone."""
    return runpy.run_path(str(PROGRAM))


@on_two
def test_two_processes_know_who_they_are(two):
    assert [each["who"] for each in two] == [[0, 2], [1, 2]]
    assert [each["sums"] for each in two] == [[3.0, 20.0]] * 2


@on_two
def test_two_processes_have_the_gradients_of_one(two, one):
    """On 8 rows, on shares of 4 and 3, and with one share empty; for every likelihood, in float32."""
    alone = one["gradients"]()
    assert len(alone) == 2 * 5 * 3
    for name, expected in alone.items():
        gradients = [torch.tensor(each["gradients"][name]["gradient"]) for each in two]
        gradient = torch.tensor(expected["gradient"])
        assert gradient.norm() > 0.1
        assert (gradients[0] - gradient).norm() <= 1e-6 * gradient.norm(), name
        assert torch.equal(*gradients)
        assert two[1]["gradients"][name]["loss"] == two[0]["gradients"][name]["loss"]
        assert two[0]["gradients"][name]["loss"] == pytest.approx(expected["loss"], rel=1e-6)


@on_two
@pytest.mark.parametrize("rows", [8, 7, 1])
def test_the_optimal_variance_is_that_of_the_whole_batch(two, one, rows):
    model = one["new"]("conv", one["OptimalGaussian"]())
    x, eps = one["black_and_white"](rows), torch.randn(rows, 2, generator=seeded(1))
    with torch.no_grad():
        mu, logvar = model.encode(x)
        error = ((x - model.decode(mu + (logvar / 2).exp() * eps)) ** 2).mean().item()
    for each in two:
        assert each["gradients"][f"conv OptimalGaussian {rows}"]["variance"] == pytest.approx(error, rel=1e-6)


@on_two
def test_two_processes_end_with_the_same_model_and_history(two):
    assert two[0]["training"] == two[1]["training"]


@on_two
def test_an_epoch_of_two_processes_is_that_of_one(two, one):
    """With noise that is given: drawing it, the processes take the rows in another order from the second epoch on."""
    alone, together = one["training"](1), two[0]["training"][0]
    assert together["numbers"] == pytest.approx(alone["numbers"], rel=1e-9, abs=1e-9)
    for term, values in alone["history"].items():
        assert together["history"][term] == pytest.approx(values, rel=1e-9)


@on_two
def test_the_rows_are_shared_and_the_noise_is_not(two):
    for epoch in range(2):
        (rows, drawn, dropped), (other_rows, other_drawn, other_dropped) = (each["noise"][epoch] for each in two)
        assert sorted(rows + other_rows) == list(range(7))
        assert (len(rows), len(other_rows)) == (4, 3)
        assert len({*map(tuple, (drawn, dropped, other_drawn, other_dropped))}) == 4
    first, second = two[0]["noise"]
    assert all(before != after for before, after in zip(first, second, strict=True))


@on_two
def test_both_stop_where_the_share_of_one_is_not_finite(two):
    first, second = (each["diverged"] for each in two)
    assert {first["own"], second["own"]} == {True, False}
    assert (first["step"], first["term"]) == (second["step"], second["term"])
    assert torch.tensor(first["numbers"]).isfinite().all()
    assert first["numbers"] == second["numbers"]


@on_two
def test_a_run_of_two_processes_is_resumed_bit_for_bit(two):
    first, second = (each["resumed"] for each in two)
    assert first == second
    assert first["stopped"] == "stopped"
    assert first["resumed"] == first["whole"]


@on_two
def test_only_process_0_writes(two):
    names = [f"00000{epoch}.{kind}" for epoch in (3, 4) for kind in ("json", "safetensors")]
    assert [each["written"] for each in two] == [names, []]


@on_two
def test_one_process_does_not_go_on_with_the_run_of_two(two, one, folder):
    with pytest.raises(ValueError, match="processes is 2 there, and 1 here"):
        one["dropping"](folder / "run")


@on_two
def test_an_error_on_one_process_ends_both(ended):
    """It is the last that the program does: the other process waits for a gradient that never comes."""
    code, printed = ended
    assert code != 0
    assert "ValueError: one process has failed" in printed


def test_a_single_process_shares_with_nobody():
    rows, generator, module = torch.arange(7), seeded(0), nn.Linear(2, 2)
    assert (processes.number(), processes.count()) == (0, 1)
    assert torch.equal(processes.own_share(rows), rows)
    assert processes.parallel(module) is module
    before = torch.get_rng_state()
    assert processes.own_noise(generator) is generator
    assert torch.equal(generator.get_state(), seeded(0).get_state())
    assert torch.equal(torch.get_rng_state(), before)
    assert processes.sum_over_processes(rows) is rows
    assert torch.equal(rows, torch.arange(7))


def test_without_torchrun_there_is_nobody_to_join(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    with processes.together():
        assert not distributed.is_initialized()
        assert processes.count() == 1


def as_process(monkeypatch, number: int, count: int) -> None:
    monkeypatch.setattr(processes, "number", lambda: number)
    monkeypatch.setattr(processes, "count", lambda: count)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("size", [1, 2, 7, 12])
def test_the_shares_of_a_batch_are_disjoint_complete_and_even(monkeypatch, size, count):
    rows, shares = torch.randperm(size, generator=seeded(1)), []
    for number in range(count):
        as_process(monkeypatch, number, count)
        shares.append(processes.own_share(rows))
    assert torch.equal(torch.cat(shares), rows)
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1


def test_each_process_has_its_own_noise_and_a_seed_repeats_it(monkeypatch):
    def draws(number: int) -> list[torch.Tensor]:
        as_process(monkeypatch, number, 2)
        generator = seeded(2)
        noise = processes.own_noise(generator)
        again = processes.own_noise(generator)
        return [torch.rand(4, generator=noise), torch.rand(4, generator=again), torch.rand(4)]

    first, second = draws(0), draws(1)
    assert all(torch.equal(*pair) for pair in zip(first, draws(0), strict=True))
    assert len({tuple(drawn.tolist()) for drawn in first + second}) == 6  # by epoch, by process, and dropout's


def test_the_generators_of_all_processes_stay_alike(monkeypatch):
    states = []
    for number in range(2):
        as_process(monkeypatch, number, 2)
        generator = seeded(3)
        processes.own_noise(generator)
        states.append(generator.get_state())
    assert torch.equal(*states)  # they draw the order of the rows


@pytest.mark.skipif(sys.platform != "linux", reason="the names of a process's threads are read from /proc")
def test_a_process_that_leaves_has_none_of_the_group_s_threads_left(tmp_path):
    """One that runs on while the interpreter ends can abort the process, now and then."""
    code, printed = on_two_processes(tmp_path, "--leave")
    assert code == 0, printed
    for number in range(2):
        inside, outside = json.loads((tmp_path / f"left {number}.json").read_text())
        assert "pt_gloo_runloop" in inside
        assert not [name for name in outside if "gloo" in name]
