"""Define the command group; handle errors, warnings and signals of the process."""

import errno
import os
import signal
import sys
import warnings

import click

from .._base.version import __version__
from ..pretrained import load_card
from ..pretrained._load_pretrained import TARGETS
from .files import print_message, remove_unfinished
from .predict import predict
from .rates import rates
from .shares import shares
from .train import train


def _print_version(context, option, is_asked):
    """Print the version and the shipped models, and exit, if --version is given."""
    is_completion = context.resilient_parsing  # a shell completes the line
    if is_asked and not is_completion:
        # Read the cards only, because the models take long to load.
        models = [load_card(target)["fingerprint"] for target in TARGETS]
        click.echo(f"sknames, version {__version__} ({', '.join(models)})")
        context.exit()


class Commands(click.Group):
    """A command group whose error for an unknown command lists the known ones."""

    def resolve_command(self, context, arguments):
        name = arguments[0]
        if name not in self.commands:
            known = ", ".join(self.commands)
            context.fail(f"No such command {name!r}. The commands are {known}.")
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
    callback=_print_version,
    help="Show the version and the shipped models, and exit.",
)
def cli():
    """Predict nationalities from the names in a file.

    INPUT is a CSV, TSV or Parquet file, or "-" for standard input. CSV files may be
    compressed with gzip or zstd. Run `sknames COMMAND --help` to list the options of a
    command.
    """


def run(arguments):
    """Run a command in this process and return its exit code.

    Errors are printed on one line, without a traceback.
    """
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _print_warning
            return cli(arguments, prog_name="sknames", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        print_message(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f" See `{error.ctx.command_path} --help`."
        print_message(f"sknames: {_on_one_line(error.format_message())}{hint}")
        return error.exit_code
    except Exception as error:
        print_message(f"sknames: {_on_one_line(_message(error))}")
        return 1


def _print_warning(text, *location):
    """Print a warning without the source line, which Python would add."""
    print_message(f"sknames: warning: {text}")


def _on_one_line(message):
    """Return a message on one line that ends with a full stop or question mark."""
    line = " ".join(message.split())
    return line if line.endswith((".", "?")) else f"{line}."


def _message(error):
    """Return what is wrong, in which file, and what to do."""
    if isinstance(error, MemoryError):
        return f"{str(error) or 'out of memory'}: split the table"
    if isinstance(error, ValueError | TypeError | ImportError | RuntimeError):
        return str(error)
    if not isinstance(error, OSError):
        return f"{error!r}: this is a bug in sknames, please report it"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        step = "check the path"
    else:
        step = "; ".join(getattr(error, "__notes__", [])) or "choose another file"
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            step += "; make room"
    message = f"{error.strerror or error}: {step}"
    return f"{error.filename}: {message}" if error.filename else message


def _stop(number, frame):
    """Handle a signal: remove unfinished files and end the process.

    An exception would not do, because it may be lost, for example in the callback of a
    weakref.
    """
    message = f"sknames: stopped: {remove_unfinished()}.\n"
    if sys.stderr.isatty():
        message = f"\n{message}"  # below the progress bar
    os.write(sys.stderr.fileno(), message.encode())
    if number == signal.SIGINT:  # so that a loop in a shell ends, too
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    os._exit(128 + number)


def main():
    """Run the command line as the main program of a process."""
    sys.stderr = sys.stderr or open(os.devnull, "w")  # None after 2>&-
    if sys.stdout is not None:
        # The encoding of an old terminal may lack characters of the output.
        sys.stdout.reconfigure(errors="replace")
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):  # not on Windows
        numbers.append(signal.SIGHUP)
    for number in numbers:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))
