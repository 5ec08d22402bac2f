"""Calling a learner's function so that it can neither hang the notebook, nor end it, nor change what surrounds it.

This guards against accidents, not against attacks: the function runs in the notebook's own process.
"""

from __future__ import annotations

import _thread
import builtins
import contextlib
import copy
import ctypes
import dis
import io
import os
import random
import signal
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType

import numpy as np

from vae_edu.exercises.traces import trace

__all__ = ["Outcome", "TimeUp", "call_guarded", "same_state", "usual_settings"]

PRINT_LIMIT = 2_000  # characters kept of what the function prints
NOT_LEARNERS = (os.path.dirname(__file__), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), "<frozen")
RING_AGAIN = 1e-3  # seconds between two signals of a time limit that is over: each ends a wait in C
SWITCH = 1e-5  # seconds after which a thread that waits for its turn asks for it, while it rings


class TimeUp(BaseException):
    """Raised inside a learner's function when its time is over. Not an ``Exception``: ``except Exception`` must not hold it."""


@dataclass(frozen=True)
class Outcome:
    """What a call led to: a value, or the exception it raised; what it printed; what it left behind.

    traces: the kind of trace that the call left on an argument, by the argument's place.
    generators: the state of each global generator that is not as it was, by its name in words.
    settings: what is not as it was and holds for all that runs later, keys of ``SETTINGS``.
    """

    value: object = None
    error: BaseException | None = None
    printed: str = ""
    traces: dict[int, str] = field(default_factory=dict)
    generators: dict[str, object] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    @property
    def drawn_from(self) -> tuple[str, ...]:
        """The global generators that are not as they were, in words."""
        return tuple(self.generators)

    @property
    def changed(self) -> tuple[int, ...]:
        """The places of the arguments that are not as they were."""
        return tuple(self.traces)

    @property
    def timed_out(self) -> bool:
        return isinstance(self.error, TimeUp)

    @property
    def is_stub(self) -> bool:
        """Whether it ended in a ``raise NotImplementedError`` of its own (not one that a library raised inside it)."""
        if not isinstance(self.error, NotImplementedError):
            return False
        last = self.error.__traceback__
        while last.tb_next is not None:
            last = last.tb_next
        code = last.tb_frame.f_code
        raises = {step.offset for step in dis.get_instructions(code) if step.opname == "RAISE_VARARGS"}
        return is_learners(code.co_filename) and last.tb_lasti in raises

    @property
    def told(self) -> str:
        """The exception in words: type, message, and the learner's line that it came from."""
        frames = [frame for frame in traceback.extract_tb(self.error.__traceback__) if is_learners(frame.filename)]
        line = f" in the line `{frames[-1].line}`" if frames and frames[-1].line else ""
        try:
            message = str(self.error)
        except Exception:  # a learner's exception class may be broken too
            message = "(its message cannot be shown)"
        return f"{type(self.error).__name__}{line}: {message}"[:600]


def is_learners(filename: str) -> bool:
    """Whether code from ``filename`` is the learner's own, not a library's and not the checker's."""
    return not filename.startswith(NOT_LEARNERS)


def call_guarded(function: Callable, arguments: tuple, *, seconds: float, guard: Callable | None = None) -> Outcome:
    """Call ``function`` on copies of ``arguments`` and report what happened; never raises what the function raises.

    ``KeyboardInterrupt`` is the exception: the person at the keyboard is obeyed. The call runs in the ``usual_settings``, and
    finds and leaves the global generators as they were. ``guard`` is the learner's function where ``function`` only calls it.
    """
    given, kept = copy.deepcopy(arguments), copy.deepcopy(arguments)
    printed = _ShortBuffer()
    value, error, before = None, None, global_generators()
    with usual_settings(), _exits_blocked(guard or function), _streams_to(printed), _stray_rings_ignored():
        set_before = settings_now()
        try:
            with _time_limit(seconds) as limit:
                value = function(*given)
                limit.over = True
        except KeyboardInterrupt:
            raise
        except BaseException as raised:  # SystemExit and TimeUp too: nothing a learner raises may end the notebook
            error = raised
        after, set_after = global_generators(), settings_now()
    kinds = {place: trace(*pair) for place, pair in enumerate(zip(given, kept, strict=True))}
    traces = {place: kind for place, kind in kinds.items() if kind}
    generators = {name: after[name] for name in before if not same_state(before[name], after[name])}
    settings = tuple(name for name in set_before if set_before[name] != set_after[name])
    return Outcome(value, error, printed.getvalue(), traces, generators, settings)


def settings_now() -> dict[str, object]:
    """The settings that a function may leave changed, keys of ``SETTINGS``; torch's where torch is loaded."""
    torch = sys.modules.get("torch")
    of_torch = {"gradients": torch.is_grad_enabled(), "dtype": torch.get_default_dtype()} if torch else {}
    return {"numpy": np.geterr()} | of_torch


def global_generators() -> dict[str, object]:
    """The state of each global generator there is, by its name in words."""
    states = {"Python's global generator": random.getstate(), "NumPy's global generator": np.random.get_state()}  # noqa: NPY002
    torch = sys.modules.get("torch")  # not imported for this: what is not loaded has no state to protect
    return states | {"torch's global generator": torch.get_rng_state()} if torch else states


def same_state(one, other) -> bool:
    """Whether two states of one global generator are the same."""
    if isinstance(one, tuple):
        return all(map(np.array_equal, one, other))
    return bool((one == other).all())


@contextlib.contextmanager
def usual_settings() -> Iterator[None]:
    """Settings as they are in a new interpreter, whatever the notebook has made of them; put back afterwards, and so are the
    global generators and the working directory."""
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    errors = np.errstate(divide="warn", over="warn", invalid="warn", under="ignore")
    try:
        with _same_folder(), errors, np.printoptions(), warnings.catch_warnings(), _usual_torch():
            warnings.simplefilter("default")
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002


@contextlib.contextmanager
def _same_folder() -> Iterator[None]:
    try:
        folder = os.getcwd()
    except OSError:  # it was removed
        folder = None
    try:
        yield
    finally:
        if folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(folder)


@contextlib.contextmanager
def _usual_torch() -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    state, records, dtype = torch.get_rng_state(), torch.is_grad_enabled(), torch.get_default_dtype()
    device = torch.get_default_device()
    torch.set_default_dtype(torch.float32)
    _set_device(torch, "cpu")
    try:
        with torch.inference_mode(False):  # this also switches gradients on
            yield
    finally:
        torch.set_rng_state(state)
        torch.set_grad_enabled(records)
        torch.set_default_dtype(dtype)
        _set_device(torch, device.type if device.index is None else str(device))


def _set_device(torch, name: str) -> None:
    if str(torch.get_default_device()) != name:
        torch.set_default_device(None if name == "cpu" else name)  # None: as if none had ever been set


class _ShortBuffer(io.StringIO):
    """Keeps the first ``PRINT_LIMIT`` characters and forgets the rest, so that a printing loop takes no memory."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, PRINT_LIMIT - self.tell())])
        return len(text)

    def close(self) -> None:
        """Stays open: a function that closes its standard output closes this, and it is read afterwards."""


@contextlib.contextmanager
def _streams_to(buffer: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(buffer), contextlib.redirect_stderr(buffer):
        yield


@contextlib.contextmanager
def _exits_blocked(function: Callable) -> Iterator[None]:
    """Turn ``exit()``, ``quit()`` and ``os._exit()`` into ``SystemExit``: in a kernel they would end it, past all ``except``."""

    def leave(*_arguments):
        raise SystemExit("exit() was called")

    try:
        own = function.__globals__
    except Exception:  # a callable object has none, and may raise anything when asked
        own = {}
    places = [vars(builtins), own]
    held = [(place, name, place[name]) for place in places for name in ("exit", "quit") if name in place]
    held.append((vars(os), "_exit", os._exit))
    for place, name, _ in held:
        place[name] = leave
    try:
        yield
    finally:
        for place, name, original in held:
            place[name] = original


@contextlib.contextmanager
def _stray_rings_ignored() -> Iterator[None]:
    """A ring that meets a destructor cannot be raised there; Python would print that it was ignored."""
    hook = sys.unraisablehook

    def without_rings(unraisable) -> None:
        if unraisable.exc_type is not TimeUp:
            hook(unraisable)

    sys.unraisablehook = without_rings
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _time_limit(seconds: float) -> _Alarm | _Watch:
    """A block that raises ``TimeUp`` after ``seconds``: by signal on the main thread of a POSIX system, else from a second
    thread, which reaches pure-Python loops only."""
    has_signal = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    return _Alarm(seconds) if has_signal else _Watch(seconds)


class _Bell(dict):
    """``_Bell()[signum]`` marks a signal as arrived, as ``interrupt_main(signum)`` does. After a call, Python looks for signals
    at once; after a subscript it does not, so that a handler that ends with this is called again when it has been left."""

    __missing__ = _thread.interrupt_main


class _Alarm:
    """A time limit by signal. After the first ring it rings wherever Python looks for signals, at each loop's end and each
    call, and raises ``TimeUp`` at about every second of these places: a function may swallow some with bare ``except:``
    clauses, but the one between two of them gets through.

    Not at all of them: Python 3.12 takes an exception at the end of an ``except:`` clause for one of the ``try:`` before it,
    and would never leave the two. Not by a timer without pause: where signals are dear, as on virtual machines, it leaves
    the function no time at all to end.
    """

    bell = _Bell()

    def __init__(self, seconds: float):
        self.seconds, self.over, self.coin = seconds, False, random.Random(0)

    def __enter__(self) -> _Alarm:
        self.tracer = sys.gettrace()  # a ring inside a trace function, a debugger's, would end the tracing
        self.handler = signal.signal(signal.SIGALRM, self.ring)
        self.start = time.monotonic()
        self.before = signal.setitimer(signal.ITIMER_REAL, self.seconds, RING_AGAIN)
        return self

    def ring(self, _signal, frame) -> None:
        # The guard's own code has to finish, and so has a trace function that is told of the limit's end.
        if self.over or frame is None or frame.f_code.co_filename == __file__ or _within(self.__exit__.__code__, frame):
            return
        heads = self.coin.getrandbits(1)
        self.bell[signal.SIGALRM]
        if heads:
            raise TimeUp

    def __exit__(self, *_error) -> None:
        self.over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.handler)
        if sys.gettrace() is not self.tracer:
            sys.settrace(self.tracer)
        delay, interval = self.before
        if delay:  # somebody else's alarm was running: let it run on
            signal.setitimer(signal.ITIMER_REAL, max(delay - (time.monotonic() - self.start), RING_AGAIN), interval)


def _within(code: CodeType, frame: FrameType | None) -> bool:
    """Whether ``frame`` runs ``code``, or was called from there."""
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


class _Watch:
    """A time limit by a second thread, for Windows and for checks that run outside the main thread.

    It ends loops of Python code, also with a bare ``except:`` around their body; not a loop that catches everything around
    a loop of its own.
    """

    def __init__(self, seconds: float):
        self.seconds, self.over, self.left = seconds, False, threading.Event()

    def __enter__(self) -> _Watch:
        self.caller = threading.get_ident()
        self.thread = threading.Thread(target=self.ring, daemon=True)
        self.thread.start()
        return self

    def ring(self) -> None:
        if self.left.wait(self.seconds):
            return
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)  # so that the function is interrupted wherever Python looks for signals
        try:
            while not self.over:
                # The interrupted thread waits inside a check point of this very frame, so the exception is raised there.
                frame = sys._current_frames().get(self.caller)
                if not self.over and frame is not None and frame.f_code.co_filename != __file__:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.caller), ctypes.py_object(TimeUp))
        finally:
            sys.setswitchinterval(interval)

    def __exit__(self, *_error) -> None:
        self.over = True
        self.left.set()
        self.thread.join()
