"""rates: estimate the rate of an outcome in each nationality of a table."""

import time
from dataclasses import replace

import click

from .._shares.rates import rates_of_list
from .lists import list_command, rows_of, say_counts


@click.command()
@list_command
@click.option("--outcome", required=True, help="Column of the outcome.")
def rates(listed, outcome):
    """Estimate the rate of an outcome in each nationality of INPUT.

    These are rates of names, not of people. They are right if names do not depend on
    the outcome given the nationality. A terminal shows text; files and pipes get a
    table.
    """
    start = time.perf_counter()
    columns = listed.columns | {"outcome": outcome}
    predicted = replace(listed, columns=columns).predict()
    names, outcomes = predicted.read(predicted.texts_of_key[()])
    estimated = rates_of_list(names, outcomes)
    if listed.output.is_terminal:
        click.echo(str(estimated))
    else:
        listed.write(rows_of(estimated), predicted.stack)
    say_counts(estimated.n_names, estimated.n_not_names, predicted.stack, start)
