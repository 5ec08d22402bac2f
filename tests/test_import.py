"""Importing is cheap, and the house has no stairs that lead upwards."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import vae_edu

ROOT = Path(vae_edu.__file__).parent
# From the roof down. Within a group a module may import its neighbours, as long as there is no circle.
HOUSE = (
    "__main__",
    "course",
    "experiments",
    "exercises",
    "viz",
    "diagnosis",
    "exploration",
    "evaluation",
    "training",
    "checkpoints",
    "models",
    "objectives",
    "posteriors",
    "likelihoods",
    "count_likelihoods",
    "grey_levels",
    "mixed",
    "densities",
    "numpy_fast",
    "numpy_vae",
    "weights",
    "claims",
    "environments",
    "data",
    "processes",
    "files",
    "memory",
)


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("module", ["vae_edu", "vae_edu.claims"])
def test_import_loads_nothing_heavy(module):
    heavy = {"torch", "matplotlib", "numpy", "scipy", "sklearn", "IPython", "ipywidgets", "pandas", "jaxtyping"}
    assert run(f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_exercises_load_neither_torch_nor_matplotlib():
    heavy = {"torch", "matplotlib", "sklearn", "scipy"}
    assert run(f"import sys, vae_edu.exercises; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_import_takes_a_moment():
    program = "import time; start = time.perf_counter(); import vae_edu; print(time.perf_counter() - start)"
    assert min(float(run(program)) for _ in range(5)) < 0.2


def test_the_version_is_a_version():
    assert all(part.isdigit() for part in vae_edu.__version__.split("."))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def imports_of(source: str, module: str, is_package: bool, known) -> set[str]:
    """The package's own modules that a source text imports, wherever in the text it does."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".") if is_package else module.split(".")[:-1]
                above = above[: len(above) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            # `from package import part` imports the part where that is a module of its own, else the package
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names}
    return {name for name in found if name.split(".")[0] == "vae_edu" and name != "vae_edu"}


GRAPH = {
    name: imports_of(path.read_text(encoding="utf-8"), name, path.name == "__init__.py", MODULES)
    for name, path in MODULES.items()
}


def stairs_upwards(graph: dict[str, set[str]]) -> list[str]:
    def floor(module: str) -> int:
        return HOUSE.index(module.split(".")[1])

    return [
        f"{module} imports {other}"
        for module, others in sorted(graph.items())
        if module != "vae_edu"
        for other in sorted(others)
        if floor(other) < floor(module)
    ]


def circle_in(graph: dict[str, set[str]]) -> list[str] | None:
    """The modules of one circle, or None."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str] | None:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return None
        for other in sorted(graph.get(module, ())):
            circle = walk(other, [*path, module])
            if circle:
                return circle
        done.add(module)
        return None

    return next(filter(None, (walk(module, []) for module in sorted(graph))), None)


def test_every_module_has_its_place_in_the_house():
    assert {name.split(".")[1] for name in MODULES if name != "vae_edu"} <= set(HOUSE)


def test_what_is_imported_exists():
    assert {other for others in GRAPH.values() for other in others} <= set(MODULES)


def test_the_parser_sees_imports_of_every_form():
    known = {"vae_edu.exercises.store", "vae_edu.densities"}
    source = """
import numpy, vae_edu.claims
from vae_edu.exercises import store, check
from . import densities
from .densities import gaussian_kl
def late():
    from vae_edu.training import fit
"""
    assert imports_of(source, "vae_edu.objectives", False, known) == {
        "vae_edu.claims",
        "vae_edu.exercises",
        "vae_edu.exercises.store",
        "vae_edu.densities",
        "vae_edu.training",
    }
    assert GRAPH["vae_edu.models.vae"] >= {"vae_edu.likelihoods", "vae_edu.models.autoencoder"}


def test_the_search_finds_stairs_upwards_and_circles():
    assert stairs_upwards({"vae_edu.densities": {"vae_edu.training"}, "vae_edu.training": {"vae_edu.densities"}}) == [
        "vae_edu.densities imports vae_edu.training"
    ]
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_arrows_run_downwards():
    assert stairs_upwards(GRAPH) == []


def test_there_are_no_circles():
    assert circle_in(GRAPH) is None
