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

from .._base.unwrap import ungroup, unwrap
from .._priors.priors import assumed_priors
from .._priors.shares import COLUMNS, shares_of_probabilities
from .._priors.shares_display import SharesDisplay
from .files import check_output, whole_file
from .models import answers, load
from .options import jobs_option, model_options, say, table_options


@click.command()
@table_options
@model_options
@click.option("--output", default="-", help="File for CSV, or -: text on a terminal, else CSV.")
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
@jobs_option
def shares(table, model, output, plot, jobs, trust_pickle):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals. Rows without
    a name are counted separately.
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
    inner, shares_of_groups = ungroup(fitted)
    names = DistinctNames(table, (model, trust_pickle, None, ""), jobs)
    estimate = shares_of_probabilities(
        names.probabilities,
        fitted.classes_,
        counts=names.counts,
        n_not_names=names.n_not_names,
        class_prior=assumed_priors(inner, of_people=True),
        shares_of_groups=shares_of_groups,
        random_state=0,  # the same command gives the same intervals
    )
    if output == "-" and sys.stdout.isatty():
        click.echo(str(estimate))
    else:
        with whole_file(output) as file:
            pa.csv.write_csv(pa.table({name: estimate[name].tolist() for name in COLUMNS}), file)
    if plot is not None:
        with whole_file(plot) as file:
            figure = SharesDisplay.from_shares(estimate).figure_
            figure.savefig(file, format=Path(plot).suffix[1:], dpi=150)
    say(
        f"{estimate.n_names + estimate.n_not_names:,} rows: {estimate.n_names:,} names, "
        f"{estimate.n_not_names:,} not names; {time.perf_counter() - start:.1f} s"
    )


class DistinctNames:
    """The distinct names of a table, each predicted once.

    `probabilities` has a row for each, `counts` says how often it occurs, and `n_not_names` how
    many rows have no name.
    """

    def __init__(self, table, spec, jobs):
        self.n_not_names, seen, encoder = 0, Counter(), unwrap(load(*spec)).encoder

        def new_names(reader):
            for (_, why), names in table.names(reader, encoder):
                new = [name for name in dict.fromkeys(names) if name not in seen]
                seen.update(names)
                self.n_not_names += int((why != "").sum())
                yield None, new

        with (
            table.open() as reader,
            closing(answers(new_names(reader), spec, jobs, 1, True)) as answered,
        ):
            self.probabilities = np.concatenate([answer[2] for _, answer in answered])
        self.counts = np.array([*seen.values()], dtype=np.int64)
        if not seen:
            raise ValueError(f"no row of {table.name} has a name: check --column")
