"""A learner's function can neither hang the notebook, nor end it, nor change what surrounds it."""

import builtins
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
import warnings

import numpy as np
import pytest
import torch

from vae_edu.exercises.engine import judge
from vae_edu.exercises.record import Exercise
from vae_edu.exercises.sandbox import call_guarded


def identity(x):
    return x


IDENTITY = Exercise(
    id="9.1",
    title="Invented",
    minutes=5,
    difficulty=1,
    answer=identity,
    cases=lambda rng: [(rng.normal(size=3),)],
    mistakes=(),
    hints=(),
    seconds=0.2,
)


def check(function):
    return judge(IDENTITY, function, np.random.default_rng(0))


def forever(x):
    while True:
        pass


def in_another_thread(work):
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(timeout=30)
    assert results, "the thread never came back"
    return results[0]


# What surrounds it.


def global_states():
    return (
        random.getstate(),
        [part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],  # noqa: NPY002
        torch.get_rng_state().tolist(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        np.geterr(),
        np.get_printoptions(),
    )


def seeds(x):
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    return x


def draws(x):
    random.random()
    np.random.normal(size=7)  # noqa: NPY002
    torch.randn(7)
    return x


def draws_and_raises(x):
    draws(x)
    raise ValueError("after drawing")


def draws_forever(x):
    while True:
        draws(x)


def switches_gradients_off(x):
    torch.set_grad_enabled(False)
    return x


def switches_to_float64(x):
    torch.set_default_dtype(torch.float64)
    raise ValueError("after switching")


def ignores_numpy_errors(x):
    np.seterr(all="ignore")
    return x


def prints_three_digits(x):
    np.set_printoptions(precision=3, suppress=True)
    raise ValueError("after setting")


STATEFUL = [
    seeds,
    draws,
    draws_and_raises,
    draws_forever,
    switches_gradients_off,
    switches_to_float64,
    ignores_numpy_errors,
    prints_three_digits,
]


@pytest.mark.parametrize("function", STATEFUL, ids=lambda f: f.__name__)
def test_global_state_is_as_it_was(function):
    before = global_states()
    check(function)
    assert global_states() == before


def test_the_generator_of_the_check_is_the_only_one_used():
    before = global_states()
    check(identity)
    assert global_states() == before


@pytest.fixture
def handler():
    """An alarm handler of somebody else's, such as a test runner's."""

    def ring(*_arguments):
        """Somebody else's alarm."""

    before = signal.signal(signal.SIGALRM, ring)
    yield ring
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("function", [identity, draws_and_raises, forever], ids=lambda f: f.__name__)
def test_the_alarm_handler_is_as_it_was(handler, function):
    check(function)
    assert signal.getsignal(signal.SIGALRM) is handler


@pytest.mark.parametrize("function", [identity, draws_and_raises, forever], ids=lambda f: f.__name__)
def test_no_alarm_rings_after_the_check(handler, function):
    check(function)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("function", [identity, draws_and_raises, forever], ids=lambda f: f.__name__)
def test_an_alarm_that_was_set_is_still_set(handler, function):
    signal.setitimer(signal.ITIMER_REAL, 50.0, 7.0)
    check(function)
    left, again = signal.getitimer(signal.ITIMER_REAL)
    assert 20 < left <= 50
    assert again == 7.0


@pytest.mark.parametrize("function", [identity, draws_and_raises, forever], ids=lambda f: f.__name__)
def test_the_trace_function_is_as_it_was(function):
    def tracer(_frame, _event, _argument):
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        check(function)
        after = sys.gettrace()
    finally:
        sys.settrace(before)
    assert after is tracer


def test_a_time_limit_that_ends_with_the_function_does_no_harm_later():
    """A ring that falls between the function's return and the end of the limit must not outlive the limit."""
    before = signal.getsignal(signal.SIGALRM)
    for delay in np.linspace(0.0085, 0.0105, 150):
        end = time.perf_counter() + delay

        def almost(x, end=end):
            while time.perf_counter() < end:
                pass
            return x

        outcome = call_guarded(almost, (1,), seconds=0.01)
        assert outcome.timed_out or outcome.value == 1
        assert signal.getsignal(signal.SIGALRM) == before
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_ring_while_the_limit_is_being_lifted_does_no_harm_later():
    """The same moment, hit on purpose: the alarm rings as the block is left."""
    before = signal.getsignal(signal.SIGALRM)

    def ring_at_exit(frame, event, _argument):
        if event == "call" and frame.f_code.co_name == "__exit__" and "sandbox" in frame.f_code.co_filename:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGALRM)

    def function(x):
        sys.setprofile(ring_at_exit)
        return x

    try:
        outcome = call_guarded(function, (1,), seconds=5)
    finally:
        sys.setprofile(None)
        left = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert outcome.timed_out or outcome.value == 1
    assert left == (before, (0.0, 0.0))


def test_standard_output_is_as_it_was(capsys):
    out, err = sys.stdout, sys.stderr

    def replaces(x):
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        return x

    check(replaces)
    assert (sys.stdout, sys.stderr) == (out, err)


def test_what_it_prints_is_not_shown(capsys):
    def talks(x):
        print("out loud")
        print("aside", file=sys.stderr)
        return x

    assert check(talks).passed
    assert capsys.readouterr() == ("", "")


def test_arguments_are_copies():
    x = np.zeros(3)

    def spoils(x):
        x += 1

    assert call_guarded(spoils, (x,), seconds=1).changed == (0,)
    assert x.tolist() == [0, 0, 0]


# Ending the notebook.


@pytest.mark.parametrize(
    "leave",
    [
        lambda x: sys.exit(3),
        lambda x: exit(),
        lambda x: quit(1),
        lambda x: builtins.exit(2),
        lambda x: (_ for _ in ()).throw(SystemExit),
        lambda x: (_ for _ in ()).throw(GeneratorExit),
    ],
    ids=["sys.exit", "exit", "quit", "builtins.exit", "SystemExit", "GeneratorExit"],
)
def test_leaving_is_an_error_and_no_more(leave):
    report = check(leave)
    assert report.status == "error"
    assert "Exit" in report.message


def test_leaving_past_all_handlers():
    """In a process of its own, which this would end."""
    program = """
report = check(lambda x: os._exit(3))
print(report.status, "SystemExit" in report.message, os._exit.__module__)
"""
    result = run(program)
    assert (result.returncode, result.stdout.split()) == (0, ["error", "True", "posix"])


def test_the_exit_of_a_notebook_is_blocked_and_put_back():
    """IPython puts its own ``exit`` into the notebook's names, and it ends the kernel."""
    ended = []
    notebook = {"exit": lambda: ended.append("exit"), "quit": lambda: ended.append("quit"), "__builtins__": builtins}
    mine = notebook["exit"], notebook["quit"]
    exec("def leave(x):\n    exit()\ndef part(x):\n    quit()\n", notebook)
    for name in ("leave", "part"):
        report = check(notebook[name])
        assert report.status == "error"
        assert "exit() was called" in report.message
    assert ended == []
    assert (notebook["exit"], notebook["quit"]) == mine


def test_the_exits_are_back_afterwards():
    before = builtins.exit, builtins.quit, os._exit, sys.exit
    for function in (identity, draws_and_raises, forever):
        check(function)
    assert (builtins.exit, builtins.quit, os._exit, sys.exit) == before


def test_a_function_that_has_no_exit_of_its_own_gets_none():
    namespace = {}
    exec("def plain(x):\n    return x\n", namespace)
    assert check(namespace["plain"]).passed
    assert set(namespace) == {"plain", "__builtins__"}


def test_the_person_at_the_keyboard_is_obeyed():
    def interrupted(x):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)

    before = global_states()
    handler = signal.getsignal(signal.SIGALRM)
    # A shell starts what it runs in the background with SIGINT ignored, and Python then leaves it at that.
    at_start = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            check(interrupted)
    finally:
        signal.signal(signal.SIGINT, at_start)
    assert signal.getsignal(signal.SIGALRM) == handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert global_states() == before


# Crashing the checker.


def test_recursion_without_end():
    def deeper(x):
        return deeper(x) + 1

    report = check(deeper)
    assert report.status == "error"
    assert "RecursionError in the line `return deeper(x) + 1`" in report.message


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


class Odd(Exception):
    def __str__(self):
        return 7


@pytest.mark.parametrize("kind", [Mute, Odd])
def test_an_exception_without_words(kind):
    def fails(x):
        raise kind

    report = check(fails)
    assert report.status == "error"
    assert kind.__name__ in report.message
    assert "raise kind" in report.message


def test_an_exception_with_a_megabyte_of_words():
    def fails(x):
        raise ValueError("x" * 10**6)

    report = check(fails)
    assert "ValueError" in report.message
    assert len(report.message) < 2_000


def test_an_exception_that_is_no_exception():
    class Rude(BaseException):
        pass

    def fails(x):
        raise Rude("so there")

    report = check(fails)
    assert report.status == "error"
    assert "Rude" in report.message


def test_an_exception_in_a_group_and_one_with_a_cause():
    def groups(x):
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

    def chained(x):
        try:
            raise KeyError("cause")
        except KeyError as error:
            raise ValueError("effect") from error

    assert "ExceptionGroup" in check(groups).message
    assert 'ValueError in the line `raise ValueError("effect") from error`: effect' in check(chained).message


def test_printing_without_end_takes_little_memory():
    def talks(x):
        for _ in range(3_000):
            print("x" * 1_000)
        return x + 1

    check(identity)
    tracemalloc.start()
    report = check(talks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.status == "failed"
    assert len(report.message) < 1_000
    assert "It printed: xxx" in report.message
    assert peak < 1_000_000


def test_what_is_printed_first_is_kept_and_writing_counts_as_written():
    def talks(x):
        return sys.stdout.write("first\n" + "x" * 5_000)

    outcome = call_guarded(talks, (1,), seconds=1)
    assert outcome.printed.startswith("first\nxxx")
    assert len(outcome.printed) <= 2_000
    assert outcome.value == 5_006


def test_closing_standard_output_is_no_crash():
    def closes(x):
        sys.stdout.close()
        return x

    assert check(closes).status in ("passed", "error")


class Unusual:
    """Callable, with attributes that refuse to be looked up."""

    def __call__(self, x):
        return x

    def __getattr__(self, name):
        if name.startswith("__signature") or name == "__wrapped__":
            raise AttributeError(name)
        raise RuntimeError("no attributes here")


def test_a_callable_whose_attributes_raise_gets_a_report():
    assert check(Unusual()).status in ("passed", "failed", "error")


# Hanging the notebook. Where a limit fails nothing would come back, so these run in processes of their own.


# What those processes start with. They do without torch, which takes seconds to load.
ALONE = """
import os, signal, sys, threading, time
import numpy as np
from vae_edu.exercises.engine import judge
from vae_edu.exercises.record import Exercise

def identity(x):
    return x

IDENTITY = Exercise(id="9.1", title="Invented", minutes=5, difficulty=1, answer=identity, mistakes=(), hints=(),
                    cases=lambda rng: [(rng.normal(size=3),)], seconds=0.2)

def check(function):
    return judge(IDENTITY, function, np.random.default_rng(0))

def in_another_thread(work):
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]
"""


def run(program: str, seconds: float = 8) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", ALONE + program], capture_output=True, text=True, timeout=seconds, check=False
    )


ENDLESS = {
    "plain": """
        while True:
            pass
    """,
    "counting": """
        n = 0
        while n >= 0:
            n += 1
    """,
    "except Exception": """
        while True:
            try:
                x = x + 1
            except Exception:
                pass
    """,
    "bare except around the body": """
        while True:
            try:
                x = x + 1
            except:
                pass
    """,
    "bare except around a loop": """
        while True:
            try:
                while True:
                    pass
            except:
                pass
    """,
    "two bare excepts": """
        while True:
            try:
                try:
                    while True:
                        pass
                except:
                    pass
            except:
                pass
    """,
    "three bare excepts": """
        while True:
            try:
                try:
                    try:
                        while True:
                            pass
                    except:
                        pass
                except:
                    pass
            except:
                pass
    """,
    "a handler that loops": """
        try:
            while True:
                pass
        except:
            while True:
                pass
    """,
    "finally that goes on": """
        while True:
            try:
                while True:
                    pass
            finally:
                continue
    """,
    "suppressed": """
        import contextlib
        while True:
            with contextlib.suppress(BaseException):
                while True:
                    pass
    """,
    "a helper with a bare except": """
        def helper(x):
            try:
                while True:
                    x = x + 1
            except:
                return 0
        while True:
            try:
                helper(x)
            except:
                helper(x)
    """,
    "a generator": """
        def naturals():
            while True:
                try:
                    yield 1
                except:
                    pass
        return sum(naturals())
    """,
    "printing": """
        while True:
            print(x)
    """,
}
IN_C = {
    "sleeping": """
        import time
        time.sleep(600)
    """,
    "sleeping with a bare except": """
        import time
        while True:
            try:
                time.sleep(600)
            except:
                pass
    """,
    "arrays": """
        import numpy as np
        a = np.eye(200)
        while True:
            a = a @ a
    """,
}


def time_limit_program(body: str, call: str) -> str:
    function = "def function(x):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    return f"""
namespace = {{}}
exec(compile({function!r}, "<notebook>", "exec"), namespace)
before = signal.getsignal(signal.SIGALRM)
start = time.perf_counter()
report = {call}
took = time.perf_counter() - start
print(report.status, report.message)
print(took < 4, signal.getsignal(signal.SIGALRM) == before, sys.gettrace(), threading.active_count())
time.sleep(0.25)  # a ring that comes late would end this
print("done")
"""


def assert_stopped(body: str, call: str) -> None:
    try:
        result = run(time_limit_program(body, call))
    except subprocess.TimeoutExpired:
        pytest.fail("the time limit of 0.2 seconds did not stop it in 8 seconds")
    assert result.stdout.splitlines() == [
        "error stopped after 0.2 seconds: does a loop in identity never end?",
        "True True None 1",
        "done",
    ], result.stderr


@pytest.mark.parametrize("body", [*ENDLESS.values(), *IN_C.values()], ids=[*ENDLESS, *IN_C])
def test_nothing_runs_for_ever_on_the_main_thread(body):
    assert_stopped(body, 'check(namespace["function"])')


# A loop that catches everything around a loop of its own gets past the second thread, whose exceptions come one by one.
BEYOND_A_THREAD = {"bare except around a loop", "two bare excepts", "three bare excepts", "finally that goes on"}
BEYOND_A_THREAD |= {"suppressed", "a helper with a bare except"}
ENDLESS_FOR_A_THREAD = {
    name: body for name, body in (ENDLESS | {"arrays": IN_C["arrays"]}).items() if name not in BEYOND_A_THREAD
}


@pytest.mark.parametrize("body", ENDLESS_FOR_A_THREAD.values(), ids=ENDLESS_FOR_A_THREAD)
def test_no_plain_loop_runs_for_ever_on_another_thread(body):
    assert_stopped(body, 'in_another_thread(lambda: check(namespace["function"]))')


@pytest.mark.parametrize("watches", ["settrace", "setprofile"])
def test_the_limit_ends_under_a_function_that_watches_every_call(watches):
    """Such a function also runs when the limit's own code is entered, where a ring must not be repeated for ever."""
    loop = "while True:\n    pass"
    assert_stopped(loop, f'(sys.{watches}(lambda *_: None), check(namespace["function"]), sys.{watches}(None))[1]')


@pytest.mark.parametrize("watch", [sys.settrace, sys.setprofile])
def test_a_limit_whose_time_ends_while_it_is_being_left_is_left(handler, watch):
    def slow(frame, _event, _argument):
        if frame.f_code.co_qualname == "_Alarm.__exit__":
            time.sleep(0.1)

    watch(slow)
    try:
        outcome = call_guarded(draws_and_raises, (1,), seconds=0.05)
    finally:
        watch(None)
    assert isinstance(outcome.error, ValueError)
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_function_within_its_time_is_left_alone():
    def slow(x):
        time.sleep(0.1)
        return x

    assert check(slow).passed
    assert in_another_thread(lambda: check(slow)).passed


def test_in_another_thread_everything_else_holds_too():
    before = global_states()
    assert in_another_thread(lambda: check(seeds)).passed
    assert in_another_thread(lambda: check(lambda x: sys.exit())).status == "error"
    assert global_states() == before
    assert threading.active_count() == 1 or all(thread.daemon for thread in threading.enumerate()[1:])


def test_a_ring_that_meets_a_destructor_is_not_reported(capsys):
    class Slow:
        def __del__(self):
            for _ in range(2_000):
                pass

    def destroys(x):
        while True:
            Slow()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [check(destroys).status for _ in range(3)] == ["error"] * 3
    assert "TimeUp" not in capsys.readouterr().err


def test_after_a_time_limit_the_next_check_works():
    assert check(forever).status == "error"
    assert check(identity).passed
    assert in_another_thread(lambda: check(forever)).status == "error"
    assert in_another_thread(lambda: check(identity)).passed
