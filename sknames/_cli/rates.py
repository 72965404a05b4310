"""rates: estimate the rate of an outcome in each nationality of a table."""

import time

import click

from .._shares.rates import rates_of_list
from .lists import list_command, rows_of, said_warnings, say_counts


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
    predicted = listed.predict(columns={"--outcome": outcome})
    with said_warnings():
        names, values = predicted.read(predicted.texts_of_key[()])
        outcomes = [text or None for text in values["--outcome"]]
        estimated = rates_of_list(names, outcomes)
    if listed.output.is_terminal:
        click.echo(str(estimated))
    else:
        listed.write(rows_of(estimated))
    say_counts(estimated.n_names, estimated.n_not_names, start)
