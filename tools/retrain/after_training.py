"""Rewrite all files and pages with results of the shipped models: `make retrained`.

``python -m tools.retrain.after_training`` runs the commands of `STAGES`, two at a time,
and prints how long each takes. It needs the training data, and the public sets in the
folder "public" of the data folder. Commands that have finished for the same models are
skipped, so an interrupted run continues when it is started again. Commands that are
named run in any case: ``... after_training abstaining``.

The output of a command is written into its page, between
``<!-- NAME of make retrained -->`` and ``<!-- end -->``. Logs, caches, and files that
mark finished commands are in build/retrained.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sknames.datasets._fetch_names import data_folder
from sknames.pretrained._load_pretrained import DESCRIPTION, TARGETS
from tools.pages import write_blocks
from tools.public_sets import FILES

from .files import MODELS

ROOT = Path(__file__).parents[2]
BUILD = "build/retrained"
# Two commands run at a time, so each has one thread.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# Lines of a log that begin so say what a command could not measure. They are repeated
# at the end.
NOT_AVAILABLE = "Not available: "


@dataclass(frozen=True)
class Task:
    """A command that writes or prints results of the shipped models.

    Attributes
    ----------
    name : str
    command : str
        Arguments of the Python interpreter, where ``*`` matches files. {models} is a
        cache for these models, {any} a cache for all models, and {data} the data
        folder.
    page : str, default=""
        The page that shows the output of the command, if any.
    folder : str, default="."
        The working directory.
    sets : tuple of str, default=()
        The public sets that the command reads.
    """

    name: str
    command: str
    page: str = ""
    folder: str = "."
    sets: tuple[str, ...] = ()

    @property
    def mark(self):
        """The comment above the output of the command in its page."""
        return f"{self.name} of make retrained"


BENCHMARKS = "examples/benchmarks"
RESULTS = f"{BENCHMARKS}/results"
COMPARED = ("arczi21", "wikilabels13")
SCORERS = ("goalscorers",)
CHOOSING_SETS = ("arczi21", *SCORERS)


def benchmark(name, command, page, sets=()):
    """Return a benchmark whose output is a part of a page of results."""
    return Task(name, f"{BENCHMARKS}/{command}", f"{RESULTS}/{page}", sets=sets)


# Writes thresholds, class bias, cards, digests, docs/model_card.md and recalls.
MEASURE = Task("measure", "-m tools.retrain.measure")
# Stores the predictions of name2nat for the public sets; `bench_public.py` reads them.
NAME2NAT = Task(
    "name2nat",
    f"{BENCHMARKS}/public_rivals.py name2nat {{data}} {{any}}",
    sets=COMPARED,
)
# These two write their tables into pages themselves.
PUBLIC = Task(
    "public",
    f"{BENCHMARKS}/bench_public.py --cache {{any}} "
    f"--write docs/how_it_compares.md {RESULTS}/public.md",
    sets=(*COMPARED, "nana_test", "nana_dev"),
)
OWN_LABELS = Task(
    "own-labels",
    f"{BENCHMARKS}/bench_own_labels.py --draws 5 --cache {{models}}/own_labels "
    f"--write docs/own_labels.md {RESULTS}/own_labels.md",
)
# A stage starts when the previous one has finished. The longest commands of a stage
# come first.
STAGES = [
    [MEASURE, NAME2NAT],
    # These write the coverage of intervals that tables of shares state.
    [
        benchmark(
            "sources-of-countries",
            "bench_shares.py --sources 40 --labels country --write",
            "shares.md",
            CHOOSING_SETS,
        ),
        benchmark(
            "sources",
            "bench_shares.py --sources 100 --write",
            "shares.md",
            CHOOSING_SETS,
        ),
    ],
    [
        PUBLIC,
        OWN_LABELS,
        benchmark("pairs", "bench_shares.py --pairs 50", "shares.md"),
        benchmark(
            "pairs-of-countries",
            "bench_shares.py --pairs 20 --labels country",
            "shares.md",
        ),
        benchmark("lists", "bench_shares.py", "shares.md"),
        benchmark("short-lists", "bench_shares.py --small", "shares.md"),
        benchmark("mixes", "bench_shares.py --mixes", "shares.md"),
        benchmark(
            "mixes-of-countries",
            "bench_shares.py --mixes --labels country",
            "shares.md",
        ),
        benchmark("europe", "bench_shares.py --europe 50", "shares.md", ("arczi21",)),
        benchmark(
            "europe-of-countries",
            "bench_shares.py --europe 50 --labels country",
            "shares.md",
            ("arczi21",),
        ),
        benchmark("papers", "bench_shares.py --clusters 36", "shares.md", SCORERS),
        benchmark("checked-rows", "bench_shares.py --checked 60", "shares.md", SCORERS),
        benchmark("rates", "bench_shares.py --rates 16", "shares.md", SCORERS),
        benchmark("few-people", "bench_shares.py --few 45", "shares.md", SCORERS),
        benchmark(
            "few-people-of-countries",
            "bench_shares.py --few 24 --labels country",
            "shares.md",
            SCORERS,
        ),
        benchmark("other-labels", "bench_shares.py --lacking 12", "shares.md", SCORERS),
        benchmark("rows-to-check", "bench_shares.py --rows 80", "shares.md", SCORERS),
        benchmark(
            "statistics",
            "bench_shares.py --statistics 40",
            "shares.md",
            CHOOSING_SETS,
        ),
        benchmark("regression", "bench_regression.py", "shares.md"),
        benchmark("abstaining", "bench_abstaining.py", "abstaining.md"),
        benchmark("countries", "bench_countries.py", "countries.md", CHOOSING_SETS),
        # tests/data/pretrained.json
        Task("golden-outputs", "tests/test_pretrained.py"),
        # tests/pages/data/port.json
        Task("answers-of-ports", "tests/pages/test_port.py"),
        # docs/shipped_model.png and docs/letter_by_letter.png
        Task("picture", "../examples/plot_shipped_model.py", folder="docs"),
        Task("letters", "../examples/plot_letter_by_letter.py", folder="docs"),
    ],
    [Task("blocks", "docs/blocks.py README.md docs/*.md")],
    # Last, since it writes the files that all others import.
    [Task("docstrings", "docs/docstrings.py")],
]


def models_digest(models=MODELS):
    """Return the first digits of the SHA-256 digests of both models."""
    digits = []
    for target in TARGETS:
        description = json.loads((models / target / DESCRIPTION).read_bytes())
        digits.append(description["sha256"][:6])
    return "-".join(digits)


class Run:
    """Run commands for the shipped models.

    Attributes
    ----------
    root : Path
        Folder of the project.
    build : Path
        Folder with a cache for all models.
    folder : Path
        Folder with the logs, caches and finished commands of these models.
    not_done : list of str
        Names of commands that failed, or could not run.
    notes : list of str
        Messages to print at the end.
    """

    def __init__(self, root, models):
        self.root = root
        self.build = root / BUILD
        self.folder = self.build / models_digest(models)
        self.not_done = []
        self.notes = []
        self._write_lock = threading.Lock()  # several commands write to one page
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.build / "any").mkdir(exist_ok=True)

    def is_done(self, task):
        """Return whether a command has finished for these models."""
        return self._path(task, "done").exists()

    def run(self, task):
        """Run a command, write its output into its page, and print how long it took."""
        folder = data_folder(None) / "public"
        missing = [FILES[name] for name in task.sets]
        missing = [file for file in missing if not (folder / file).exists()]
        if missing:
            self.not_done.append(task.name)
            self.notes.append(f"{task.name}: {folder} lacks {', '.join(missing)}")
            return
        start = time.monotonic()
        is_right = self._call(task)
        took = f"{(time.monotonic() - start) / 60:.1f} minutes"
        log = self._path(task, "log")
        if not is_right:
            self.not_done.append(task.name)
            self.notes.append(f"{task.name}: failed, see {log}")
            print(f"{task.name}: failed after {took}", flush=True)
            return
        for line in log.read_text(encoding="utf-8").splitlines():
            if line.startswith(NOT_AVAILABLE):
                self.notes.append(f"{task.name}: {line}")
        if task.page:
            printed = self._path(task, "out").read_text(encoding="utf-8")
            with self._write_lock:
                write_blocks([self.root / task.page], {task.mark: printed})
        self._path(task, "done").touch()
        print(f"{task.name}: {took}", flush=True)

    def _path(self, task, suffix):
        return self.folder / f"{task.name}.{suffix}"

    def _call(self, task):
        """Run a command, and return whether it succeeded."""
        out = self._path(task, "out")
        log = self._path(task, "log")
        self._path(task, "done").unlink(missing_ok=True)
        with out.open("w") as printed, log.open("w") as errors:
            finished = subprocess.run(
                self._arguments(task),
                stdout=printed,
                stderr=errors,
                cwd=self.root / task.folder,
                env=os.environ | ONE_THREAD | {"PYTHONPATH": str(self.root)},
            )
        return finished.returncode == 0

    def _arguments(self, task):
        folders = {"models": self.folder, "any": self.build / "any"}
        arguments = [sys.executable]
        for word in task.command.split():
            if "*" in word:
                arguments += sorted(map(str, self.root.glob(word)))
            else:
                arguments.append(word.format(data=data_folder(None), **folders))
        return arguments


def main(arguments=None, stages=STAGES, root=ROOT, models=MODELS):
    """Run the commands that have not finished, or those that are named."""
    names = [task.name for stage in stages for task in stage]
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain.after_training",
        description=__doc__.partition("\n")[0],
    )
    parser.add_argument(
        "tasks",
        nargs="*",
        metavar="NAME",
        help="Commands to run, finished or not; by default, all that have not finished "
        f"for these models. They are {', '.join(names)}.",
    )
    options = parser.parse_args(arguments)
    if unknown := sorted({*options.tasks} - {*names}):
        parser.error(f"unknown names {unknown}; choose from {names}")
    run = Run(root, models)
    print(f"Models {run.folder.name}. Logs are in {run.folder}.", flush=True)
    for stage in stages:
        if options.tasks:
            tasks = [task for task in stage if task.name in options.tasks]
        else:
            tasks = [task for task in stage if not run.is_done(task)]
        pool = ThreadPoolExecutor(max_workers=2)
        try:
            [*pool.map(run.run, tasks)]
        finally:  # after Ctrl-C, which ends running commands, start no others
            pool.shutdown(cancel_futures=True)
        if MEASURE.name in run.not_done:  # all others need the files that it writes
            break
    for note in run.notes:
        print(note)
    if run.not_done:
        sys.exit(
            f"Not done: {', '.join(run.not_done)}. Run the same command again to "
            "continue."
        )


if __name__ == "__main__":
    main()
