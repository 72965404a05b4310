"""shares: estimate the mix of nationalities in a table of names."""

import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.csv
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._priors.priors import assumed_priors
from .._priors.shares import COLUMNS, shares_of_probabilities
from .._priors.shares_display import SharesDisplay
from .files import check_output, whole_file
from .models import answers, load
from .options import MISSING, jobs_option, model_option, say, table_options, trust_option


@click.command()
@table_options
@model_option
@click.option("--output", default="-", help="File for CSV, or -: text on a terminal, else CSV.")
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
@jobs_option
@trust_option
def shares(table, model, output, plot, jobs, trust_pickle):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals. Rows without a
    name, and names without a letter, are counted separately.
    """
    start = time.perf_counter()
    if Path(output).suffix.lower() not in ("", ".csv", ".txt"):
        raise click.UsageError(f"--output {output}: shares are plain CSV: give a name in .csv")
    check_output(output)
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(f"--plot {plot}: let its name end in .png, .svg or .pdf")
        check_output(plot)
        check_matplotlib_support("--plot")
    fitted = load(model, trust_pickle)
    names = DistinctNames(table, (model, trust_pickle), jobs)
    found = shares_of_probabilities(
        names.probabilities,
        fitted.classes_,
        counts=names.counts,
        n_unreadable=names.n_unreadable,
        class_prior=assumed_priors(fitted, of_people=True),
        random_state=0,  # the same command gives the same intervals
    )
    if output == "-" and sys.stdout.isatty():
        click.echo(str(found))
    else:
        with whole_file(output) as file:
            pa.csv.write_csv(pa.table({name: found[name].tolist() for name in COLUMNS}), file)
    if plot is not None:
        with whole_file(plot) as file:
            figure = SharesDisplay.from_shares(found).figure_
            figure.savefig(file, format=Path(plot).suffix[1:], dpi=150)
    say(
        f"{names.n_names + names.n_missing:,} rows: {names.n_names:,} names, of which "
        f"{names.n_unreadable:,} are no names; {names.n_missing:,} without a name; "
        f"{time.perf_counter() - start:.1f} s"
    )


class DistinctNames:
    """The distinct names of a table, each predicted once.

    `probabilities` has a row for each, and `counts` says how often it occurs. `n_missing` rows have
    no name, `n_names` have one, of which `n_unreadable` are no names.
    """

    def __init__(self, table, spec, jobs):
        seen, reasons = Counter(), Counter()

        def new_names(chunks):
            for (_, why), names in chunks:
                new = [name for name in dict.fromkeys(names) if name not in seen]
                seen.update(names)
                reasons.update(why)
                yield None, new

        with (
            table.open() as reader,
            closing(answers(new_names(table.names(reader)), spec, jobs, 1, True)) as parts,
        ):
            self.probabilities = np.concatenate([found[2] for _, found in parts])
        self.counts = np.array([*seen.values()], dtype=np.int64)
        self.n_missing = reasons.pop(MISSING, 0)
        self.n_names = reasons.total()
        self.n_unreadable = self.n_names - reasons[""]
        if not self.n_names:
            raise ValueError(f"no row of {table.name} has a name: check --column")
