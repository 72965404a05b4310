"""shares: estimate the mix of nationalities in a table of names."""

import csv
import io
import sys
import time
from pathlib import Path

import click

from .._model_files import load_model
from .._priors import supposed_priors
from .._shares import COLUMNS, shares_of_probabilities
from .._table_reader import COMPRESSIONS, FORMATS
from .._whole_files import check_output, whole_file
from ._common import model_options, say, show, table_options
from ._list_of_names import ListOfNames

PICTURES = (".png", ".svg", ".pdf")


@click.command()
@table_options
@click.option(
    "--model", default="pretrained", show_default=True, help="File of a model, or pretrained."
)
@click.option(
    "--output",
    default="-",
    show_default=True,
    help="File for CSV, or - for standard output: text on a terminal, CSV in a pipe.",
)
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
@model_options
def shares(input, column, delimiter, encoding, model, output, plot, jobs, trust_pickle):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals. Rows without a
    name, and names without a letter, are counted separately.
    """
    start = time.perf_counter()
    if Path(output).suffix.lower() in {*COMPRESSIONS, *FORMATS} - {".csv"}:
        raise click.UsageError(
            f"--output {output}: shares are written as plain CSV: let its name end in .csv"
        )
    check_output(output)
    if plot is not None:
        _check_plot(plot)
    load = (model, trust_pickle)
    fitted = load_model(*load)
    names = ListOfNames(fitted, load, jobs, input, column, delimiter, encoding)
    found = shares_of_probabilities(
        names.probabilities,
        fitted.classes_,
        counts=names.counts,
        n_unreadable=names.n_unreadable,
        class_prior=supposed_priors(fitted),
        random_state=0,  # the same command gives the same intervals
    )
    if output == "-" and sys.stdout.isatty():
        show(str(found))
    else:
        _write_csv(found, output)
    if plot is not None:
        _draw(found, plot)
    say(
        f"{names.n_names + names.n_missing:,} rows: {names.n_names:,} names, of which "
        f"{names.n_unreadable:,} have no letter; {names.n_missing:,} without a name; "
        f"{time.perf_counter() - start:.1f} s"
    )


def _write_csv(shares, output):
    text = io.StringIO()
    rows = zip(*(shares[column].tolist() for column in COLUMNS), strict=True)
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    data = text.getvalue().encode()
    with whole_file(output) as part:
        if part == "-":
            click.echo(data, nl=False)
        else:
            Path(part).write_bytes(data)


def _check_plot(plot):
    if Path(plot).suffix not in PICTURES:
        raise click.UsageError(f"--plot {plot}: let its name end in {', '.join(PICTURES)}")
    check_output(plot)
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise ImportError(
            "--plot needs matplotlib. Install it: pip install 'sknames[plot]'"
        ) from error
    matplotlib.use("Agg")  # needs no screen


def _draw(shares, plot):
    from .._shares_display import SharesDisplay

    with whole_file(plot) as part:
        figure = SharesDisplay.from_shares(shares).figure_
        figure.savefig(part, format=Path(plot).suffix[1:], dpi=150)
