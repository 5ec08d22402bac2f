"""Results of sweeps that are too long for a notebook: made once by ``vae-edu results NN``, shipped as a small file each."""

from __future__ import annotations

import hashlib
import importlib
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from vae_edu.files import replacing

__all__ = ["SWEEPS", "Results", "ResultsError", "load", "make", "path_of"]

# Each module has SETTINGS (plain data: all that decides the results), RUNS (a list of what ``row`` is called with, by name)
# and ``row``, which makes one row of results, a dictionary that begins with its run.
SWEEPS = {
    "01": "vae_edu.experiments.bottleneck",
    "02": "vae_edu.experiments.sampling",
    "04": "vae_edu.experiments.amortisation",
    "05": "vae_edu.experiments.estimators",
    "06": "vae_edu.experiments.by_hand",
    "07": "vae_edu.experiments.in_pytorch",
    "07-controls": "vae_edu.experiments.in_pytorch_controls",
    "08": "vae_edu.experiments.five_likelihoods",
    "08-families": "vae_edu.experiments.likelihood_families",
    "08-peaks": "vae_edu.experiments.five_likelihoods_peaks",
    "09": "vae_edu.experiments.rate_distortion",
    "09-parts": "vae_edu.experiments.rate_distortion_parts",
    "10": "vae_edu.experiments.collapse",
    "10-cases": "vae_edu.experiments.collapse_cases",
    "10-controls": "vae_edu.experiments.collapse_controls",
    "11": "vae_edu.experiments.remedies",
    "11-budget": "vae_edu.experiments.remedies_budget",
    "11-codes": "vae_edu.experiments.remedies_codes",
    "11-dropout": "vae_edu.experiments.remedies_dropout",
    "12": "vae_edu.experiments.fashion_likelihood",
    "13": "vae_edu.experiments.toy_models",
    "13-images": "vae_edu.experiments.sample_scores",
    "14": "vae_edu.experiments.divergence",
    "15": "vae_edu.experiments.posteriors_and_priors",
    "15-afterwards": "vae_edu.experiments.posteriors_and_priors_afterwards",
    "15-budget": "vae_edu.experiments.posteriors_and_priors_budget",
    "15-starts": "vae_edu.experiments.posteriors_and_priors_starts",
    "16": "vae_edu.experiments.hierarchies",
    "16-budget": "vae_edu.experiments.hierarchies_budget",
    "16-priors": "vae_edu.experiments.hierarchies_priors",
    "16-plane": "vae_edu.experiments.hierarchies_plane",
    "17": "vae_edu.experiments.latent_axes",
    "17-controls": "vae_edu.experiments.latent_axes_controls",
    "18": "vae_edu.experiments.detection",
    "18-both-ways": "vae_edu.experiments.detection_both_ways",
    "18-stopped": "vae_edu.experiments.detection_stopped",
    "19": "vae_edu.experiments.few_labels",
    "19-checks": "vae_edu.experiments.few_labels_checks",
    "19-controls": "vae_edu.experiments.few_labels_controls",
    "20": "vae_edu.experiments.conditional",
    "20-controls": "vae_edu.experiments.conditional_controls",
    "20-gaps": "vae_edu.experiments.table_gaps",
    "21": "vae_edu.experiments.topics",
    "21-controls": "vae_edu.experiments.topics_controls",
    "22": "vae_edu.experiments.world_models",
    "22-agents": "vae_edu.experiments.five_agents",
    "22-budget": "vae_edu.experiments.world_models_budget",
    "22-dreams": "vae_edu.experiments.world_models_dreams",
    "23": "vae_edu.experiments.exploration",
    "23-budget": "vae_edu.experiments.exploration_budget",
    "24": "vae_edu.experiments.attribute_vectors",
    "24-paths": "vae_edu.experiments.image_edits",
    "25": "vae_edu.experiments.diffusion_toy",
    "25-codes": "vae_edu.experiments.diffusion_codes",
    "26": "vae_edu.experiments.claims_on_trial",
    "26-repairs": "vae_edu.experiments.repairs",
}


class ResultsError(ValueError):
    """A results file that is missing, damaged, of another sweep or of another version of its sweep."""


@dataclass(frozen=True)
class Results:
    """What a results file holds. rows: one dictionary per run. made: the command, versions, and seconds that made them; fewer
    than all runs took where the command went on with runs that an earlier one had begun."""

    rows: list[dict]
    made: dict

    def of(self, name: str, column: str) -> np.ndarray:
        """One column over the seeds of the runs with this name. Raises ``KeyError`` for a name or column that there is not."""
        rows = [row for row in self.rows if row["name"] == name]
        if not rows:
            raise KeyError(
                f"there is no run {name!r}; there are {', '.join(dict.fromkeys(r['name'] for r in self.rows))}"
            )
        return np.array([row[column] for row in rows])

    def __repr__(self) -> str:
        return f"Results({len(self.rows)} runs, made by `{self.made['command']}`)"


def path_of(number: str) -> Path:
    """Where the results of a notebook lie: beside the module of its sweep. "07-controls" is a second sweep of 07.

    Raises ``ResultsError`` for a notebook without a sweep."""
    return Path(_sweep(number).__file__).with_suffix(".json")


def load(number: str, path: Path | None = None) -> Results:
    """The results of a notebook's sweep.

    Raises ``ResultsError``, which names the file, where it is missing, damaged, that of another notebook, or stale: made
    with other settings than those of the sweep now.
    """
    path, sweep = path or path_of(number), _sweep(number)
    remedy = f"make it anew with `{_command(number)}`"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        digest = content.pop("sha256")
        intact = digest == _digest(content)
    except FileNotFoundError:
        raise ResultsError(f"there is no results file {path}: {remedy}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"the results file {path} is damaged ({error}): {remedy}") from None
    if not intact:
        raise ResultsError(f"the results file {path} is damaged (it is not what was written): {remedy}")
    if content["notebook"] != number:
        raise ResultsError(f"the results file {path} is that of notebook {content['notebook']}, not {number}: {remedy}")
    there, now = content["settings"], sweep.SETTINGS
    for name in sorted(there.keys() | now.keys()):
        if there.get(name) != now.get(name):
            raise ResultsError(f"the results file {path} is stale ({name} has changed since): {remedy}")
    runs = [{name: row[name] for name in run} for row, run in zip(content["rows"], sweep.RUNS, strict=False)]
    if len(content["rows"]) != len(sweep.RUNS) or runs != sweep.RUNS:
        raise ResultsError(f"the results file {path} is stale (it holds other runs): {remedy}")
    return Results(content["rows"], content["made"])


def make(number: str, path: Path | None = None, *, report: Callable[[str], None] = print) -> Path:
    """Run a notebook's sweep and write its results to ``path``, in one moment at the end; returns where they are.

    ``report`` is called with a line of text after each run.
    """
    path, sweep = path or path_of(number), _sweep(number)
    rows, wall, processor = [], time.perf_counter(), time.process_time()
    for done, run in enumerate(sweep.RUNS, start=1):
        rows.append(sweep.row(**run))
        numbers = (f"{name} {value:g}" for name, value in rows[-1].items() if isinstance(value, int | float))
        words = " ".join(value for value in run.values() if isinstance(value, str))
        report(f"{done:3d} of {len(sweep.RUNS)}  {words}: {', '.join(numbers)}")
    made = {
        "command": _command(number),
        "versions": _versions(),
        "machine": platform.machine(),
        "seconds": round(time.perf_counter() - wall),
        "processor_seconds": round(time.process_time() - processor),
    }
    content = {"notebook": number, "settings": sweep.SETTINGS, "made": made, "rows": rows}
    content = json.loads(json.dumps(content))
    with replacing(path) as new:
        new.write_text(_text(content | {"sha256": _digest(content)}), encoding="utf-8")
    return path


def _sweep(number: str) -> ModuleType:
    if number not in SWEEPS:
        raise ResultsError(f"notebook {number!r} has no long sweep; there is one of {', '.join(SWEEPS)}")
    return importlib.import_module(SWEEPS[number])


def _command(number: str) -> str:
    return f"vae-edu results {number}"


def _versions() -> dict[str, str]:
    import torch

    import vae_edu

    own = {"vae_edu": vae_edu.__version__, "python": platform.python_version()}
    return own | {"torch": str(torch.__version__), "numpy": np.__version__}


def _digest(content: dict) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _text(content: dict) -> str:
    """The content as JSON with one row of results per line, so that a change of one run is a change of one line."""
    rows = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in content["rows"])
    rest = json.dumps({name: value for name, value in content.items() if name != "rows"}, ensure_ascii=False, indent=1)
    return f'{rest[:-2]},\n "rows": [\n  {rows}\n ]\n}}\n'
