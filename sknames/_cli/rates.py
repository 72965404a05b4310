"""rates: estimate the rate of an outcome for each nationality in a table."""

import time
from dataclasses import replace

import click

from .._results.rates import rates_of_list
from .lists import list_command, print_counts, print_warnings, sample_option
from .options import column_option


@click.command()
@list_command
@column_option("outcome", required=True)
@sample_option
def rates(list_input, outcome, sample):
    """Estimate the rate of an outcome for each nationality in INPUT.

    The rates are biased if, among people of one nationality, names are associated with
    the outcome. A terminal shows text; files and pipes get a table.

    --sample 200 writes a random sample with equally many rows of each outcome, and an
    empty column in which to enter the true labels. Use these labels for rates, not for
    the shares of the list.
    """
    start = time.perf_counter()
    if sample is not None:
        list_input.write_sample(sample, outcome)
        return
    list_input = replace(list_input, columns=list_input.columns | {"outcome": outcome})
    rows = list_input.predict_rows()
    with print_warnings():
        result = rows.estimate(rates_of_list)
    list_input.show(result, rows.stack)
    print_counts(rows.names, rows.stack, start)
