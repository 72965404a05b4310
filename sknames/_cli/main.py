"""Define the group of commands; handle errors, warnings and signals of the process."""

import errno
import os
import signal
import sys
import warnings

import click

from .._base.version import __version__
from ..pretrained import load_card
from ..pretrained._load_pretrained import TARGETS
from .files import remove_unfinished, say
from .predict import predict
from .rates import rates
from .shares import shares
from .train import train


def _say_version(context, option, is_asked):
    """Say the version and the models that ship, and exit, if it is asked for."""
    if is_asked and not context.resilient_parsing:  # as a shell completes a line
        # From their cards, since the models take long to load.
        models = [load_card(target)["fingerprint"] for target in TARGETS]
        click.echo(f"sknames, version {__version__} ({', '.join(models)})")
        context.exit()


class Commands(click.Group):
    """A group that says which commands there are, if none is called like that."""

    def resolve_command(self, context, arguments):
        name = arguments[0]
        if name not in self.commands:
            known = ", ".join(self.commands)
            context.fail(f"No such command {name!r}. Give {known} or --version.")
        return super().resolve_command(context, arguments)


@click.group(
    cls=Commands,
    commands=[predict, shares, rates, train],
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version and the models that ship, and exit.",
)
def cli():
    """Predict nationalities from the names in files.

    Files are CSV, TSV or Parquet; CSV may be compressed with gzip or zstd, and "-" is
    standard input or output. Run `sknames COMMAND --help` for the options.
    """


def run(arguments):
    """Run a command in this process, and return its exit code. An error is one line."""
    try:
        with warnings.catch_warnings():
            # Without the line of Python.
            warnings.showwarning = lambda text, *_: say(f"sknames: warning: {text}")
            return cli(arguments, prog_name="sknames", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f" See `{error.ctx.command_path} --help`."
        say(f"sknames: {_in_one_line(error.format_message())}{hint}")
        return error.exit_code
    except Exception as error:
        say(f"sknames: {_in_one_line(_message(error))}")
        return 1


def _in_one_line(message):
    """Return a message in one line, with a full stop."""
    line = " ".join(message.split())
    return line if line.endswith((".", "?")) else f"{line}."


def _message(error):
    """Say what is wrong and what to do, and of which file."""
    if isinstance(error, MemoryError):
        return f"{str(error) or 'memory is full'}: split the table"
    if isinstance(error, ValueError | TypeError | ImportError | RuntimeError):
        return str(error)
    if not isinstance(error, OSError):
        return f"{error!r}: this is a fault of sknames, please report it"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        step = "check the path"
    else:
        step = "; ".join(getattr(error, "__notes__", [])) or "choose another file"
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            step += "; make room"
    message = f"{error.strerror or error}: {step}"
    return f"{error.filename}: {message}" if error.filename else message


def _stop(number, frame):
    """End the process here.

    An exception may be lost, for example in the callback of a weakref.
    """
    message = f"sknames: stopped: {remove_unfinished()}.\n"
    if sys.stderr.isatty():
        message = f"\n{message}"  # below the bar
    os.write(sys.stderr.fileno(), message.encode())
    if number == signal.SIGINT:  # so that a shell's loop ends, too
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    os._exit(128 + number)


def main():
    """Run the command line in a process of its own."""
    sys.stderr = sys.stderr or open(os.devnull, "w")  # None after 2>&-
    if sys.stdout is not None:
        # An old terminal may know few characters.
        sys.stdout.reconfigure(errors="replace")
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):  # which Windows lacks
        numbers.append(signal.SIGHUP)
    for number in numbers:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))
