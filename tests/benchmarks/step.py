"""One training step of the two NumPy VAEs beside PyTorch's, and beside the step's matrix products alone: ``make bench``.

Prints tables and writes ``build/bench.json``: a list of rows with the sizes (``data``, ``hidden``, ``latent``, ``batch``), the
``threads`` that every library was given, as they report it, and for each candidate the quartiles of its milliseconds a step
(``milliseconds``: [25 %, median, 75 %]; null where there is none) and of the time of ``numpy_fast`` over its own in the same
round (``ratios``). Rows of 784-400-20 at batch 128 also hold ``peak_mb``, the peak memory of a process that does nothing but
train, and ``operations``, where the time of ``numpy_fast``'s step goes.

The candidates:
- ``numpy_plain``: ``vae_edu.numpy_vae``, the one to be read, and its Adam by name;
- ``numpy_fast``: ``vae_edu.numpy_fast``, with an Adam tuned for the cache;
- ``torch_eager``: PyTorch with Adam as it is where nothing is asked for. ``numpy_fast`` beside it is tuned NumPy against
  untuned PyTorch;
- ``torch_fused``: with the fused Adam, ``torch_compiled``: and with ``torch.compile``. These are tuned against tuned;
- ``floor``: the eleven matrix products of a step alone, by NumPy's BLAS, which PyTorch does not use.

All start from the same parameters, compute the same loss on the same binary pixels, sample their own noise, and read the
loss out at every step. In each round all candidates take one step each, in a random order. Each number of threads has a
process of its own, since BLAS fixes it when it is loaded.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from vae_edu.files import replacing

REFERENCE = {"data": 784, "hidden": 400, "latent": 20, "batch": 128}
SWEEP = {"hidden": (100, 200, 800, 1600), "batch": (32, 512, 1024), "latent": (2, 8, 64)}
SIZES = [REFERENCE] + [REFERENCE | {name: value} for name, values in SWEEP.items() for value in values]
CANDIDATES = ("numpy_plain", "numpy_fast", "torch_eager", "torch_fused", "torch_compiled", "floor")
ROUNDS = {"warm-up": 10, "measured": 100}
RESULTS = Path("build/bench.json")


def numpy_model(size, kind="fast"):
    import numpy as np

    from vae_edu import numpy_fast, numpy_vae

    module = {"plain": numpy_vae, "fast": numpy_fast}[kind]
    rng = np.random.default_rng(0)
    mean = rng.uniform(0.1, 0.9, size["data"])
    model = module.VAE(size["data"], size["latent"], mean=mean, hidden=(size["hidden"],), rng=rng)
    return model, module.Adam(model)


def binary_batch(size):
    import numpy as np

    return (np.random.default_rng(1).random((size["batch"], size["data"])) < 0.3).astype(np.float32)


def numpy_step(size, kind="fast"):
    import numpy as np

    (model, adam), x, rng = numpy_model(size, kind), binary_batch(size), np.random.default_rng(2)

    def step():
        loss = model.negative_elbo(x, rng=rng)["loss"].mean().item()
        model.backward()
        adam.step()
        return loss

    return step


def torch_step(size, *, compiled=False, **adam):
    import torch
    from torch.nn import functional

    from vae_edu.models.twin import to_torch

    model, x = to_torch(numpy_model(size)[0]), torch.from_numpy(binary_batch(size))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **adam)

    def negative_elbo(x, eps):
        mu, logvar = model.encode(x)
        logits = model.decode(mu + (logvar / 2).exp() * eps)
        distortion = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (distortion + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()) / len(x)

    if compiled:
        negative_elbo = torch.compile(negative_elbo, dynamic=False)

    def step():
        loss = negative_elbo(x, torch.randn(size["batch"], size["latent"]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def products(size):
    """The step's matrix products alone, with NumPy's BLAS, written to arrays that are there already."""
    import numpy as np

    ones = lambda *shape: np.ones(shape, np.float32)  # noqa: E731
    batch, data, hidden, latent = (size[name] for name in ("batch", "data", "hidden", "latent"))
    pairs = []
    for first, fan_in, fan_out in (
        (True, data, hidden),
        (False, hidden, 2 * latent),
        (False, latent, hidden),
        (False, hidden, data),
    ):
        x, dy, weight, dweight = ones(batch, fan_in), ones(batch, fan_out), ones(fan_in, fan_out), ones(fan_in, fan_out)
        pairs += [(x, weight, ones(batch, fan_out)), (x.T, dy, dweight)]
        if not first:
            pairs.append((dy, weight.T, ones(batch, fan_in)))

    def step():
        for a, b, out in pairs:
            np.matmul(a, b, out=out)

    return step


def compiled_step(size):
    """The compiled step after its first call, or None where this machine cannot compile."""
    if not any(map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++", "cl"))):
        return None
    step = torch_step(size, compiled=True, fused=True)
    try:
        step()
    except Exception as error:  # whatever the compiler says, such as to a space in a path
        print(f"torch.compile does not work here: {str(error).splitlines()[0]}", file=sys.stderr)
        return None
    return step


def candidates(size):
    """Each candidate's step, by name."""
    return {
        "numpy_plain": numpy_step(size, "plain"),
        "numpy_fast": numpy_step(size),
        "torch_eager": torch_step(size),
        "torch_fused": torch_step(size, fused=True),
        "torch_compiled": compiled_step(size),
        "floor": products(size),
    }


def measure(size, threads):
    import numpy as np
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    torch._dynamo.reset()
    steps = {name: step for name, step in candidates(size).items() if step}
    seconds = defaultdict(list)
    for round_ in range(sum(ROUNDS.values())):
        # Another order in each round: who comes after whom finds another cache.
        for name in np.random.default_rng(round_).permutation(list(steps)):
            start = time.perf_counter()
            steps[name]()
            seconds[name].append(time.perf_counter() - start)
    taken = {name: np.array(values[ROUNDS["warm-up"] :]) for name, values in seconds.items()}

    def quartiles(values):
        return [round(float(value), 4) for value in np.percentile(values, [25, 50, 75])]

    return size | {
        "threads": threads_of_libraries(),
        "milliseconds": {name: quartiles(taken[name] * 1e3) if name in taken else None for name in CANDIDATES},
        "ratios": {name: quartiles(taken["numpy_fast"] / taken[name]) for name in taken if name != "numpy_fast"},
    }


def threads_of_libraries():
    """What NumPy's BLAS and PyTorch say that they use."""
    import torch
    from threadpoolctl import threadpool_info

    numpys = [pool for pool in threadpool_info() if pool["user_api"] == "blas" and "numpy" in pool["filepath"]]
    return {"numpy": [pool["num_threads"] for pool in numpys], "torch": torch.get_num_threads()}


def operations(size):
    """Median milliseconds in each operation of the step of ``numpy_fast``, from timers around the methods."""
    import numpy as np

    spent = defaultdict(float)

    def timed(name, method):
        def call(*arguments, **keywords):
            start = time.perf_counter()
            result = method(*arguments, **keywords)
            spent[name] += time.perf_counter() - start
            return result

        return call

    (model, adam), x, rng = numpy_model(size), binary_batch(size), np.random.default_rng(2)
    parts = {"Bernoulli": model.likelihood, "GaussianKL": model.kl, "Reparameterise": model.reparameterise}
    parts |= {f"Affine, encoder {i}": layer for i, layer in enumerate(model.encoder.affine)}
    parts |= {f"Affine, decoder {i}": layer for i, layer in enumerate(model.decoder.affine)}
    parts |= {f"ReLU, {part}": getattr(model, part).operations[1] for part in ("encoder", "decoder")}
    for name, part in parts.items():
        for method in ("forward", "backward"):
            setattr(part, method, timed(f"{name}: {method}", getattr(part, method)))
    adam.step = timed("Adam: step", adam.step)
    rows = []
    for _ in range(sum(ROUNDS.values())):
        spent.clear()
        start = time.perf_counter()
        model.negative_elbo(x, rng=rng)["loss"].mean().item()
        model.backward()
        adam.step()
        spent["everything"] = time.perf_counter() - start
        spent["the rest"] = 2 * spent["everything"] - sum(spent.values())
        rows.append(dict(spent))
    names = sorted(rows[-1], key=lambda name: -rows[-1][name])
    return {name: round(float(np.median([row[name] for row in rows[ROUNDS["warm-up"] :]])) * 1e3, 4) for name in names}


def peak_megabytes(kind):
    """The peak memory of this process after a hundred steps of one candidate at the reference size."""
    step = {"numpy_fast": numpy_step, "torch_eager": torch_step}[kind](REFERENCE)
    for _ in range(100):
        step()
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def in_process(threads, *arguments):
    """What this script prints, as JSON, when it is run with these arguments on so many threads."""
    numbers = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, env=os.environ | numbers, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def report(row):
    """Print one row as a table."""
    shape = f"{row['data']}-{row['hidden']}-{row['latent']}"
    print(f"\n{shape} at batch {row['batch']}; threads: {row['threads']}")
    print(f"{'':16}{'milliseconds a step':>30}{'numpy_fast / this':>34}")
    for name in CANDIDATES:
        cells = [row["milliseconds"][name], row["ratios"].get(name)]
        texts = [f"{q[1]:.2f} ({q[0]:.2f} to {q[2]:.2f})" if q else "-" for q in cells]
        print(f"{name:16}{texts[0]:>30}{texts[1]:>34}")
    for name, value in row.get("operations", {}).items():
        print(f"{'':16}{value:8.3f} ms  {name}")
    if "peak_mb" in row:
        print(f"{'':16}peak memory in MB: {row['peak_mb']}")
    sys.stdout.flush()


def main(sizes):
    rows = []
    print(f"Medians (and quartiles) of {ROUNDS['measured']} rounds, the order random in each.")
    for threads in (1, 2):
        for size in sizes:
            row = in_process(threads, "measure", json.dumps(size), threads)
            if size == REFERENCE:
                row["operations"] = in_process(threads, "operations", json.dumps(size))
                row["peak_mb"] = {kind: in_process(threads, "peak", kind) for kind in ("numpy_fast", "torch_eager")}
            rows.append(row)
            report(row)
            with replacing(RESULTS) as path:
                path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main(SIZES)
        case ["reference"]:  # this size alone, in a minute
            main([REFERENCE])
        case ["measure", size, threads]:
            print(json.dumps(measure(json.loads(size), int(threads))))
        case ["operations", size]:
            print(json.dumps(operations(json.loads(size))))
        case ["peak", kind]:
            print(json.dumps(peak_megabytes(kind)))
        case _:
            sys.exit(f"unknown arguments: {sys.argv[1:]}")
