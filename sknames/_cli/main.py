"""Define the group of commands; handle errors, warnings and signals of the process."""

import errno
import os
import signal
import sys
import warnings
from itertools import chain

import click

from .._base.version import __version__
from .evaluate import evaluate
from .explain import explain
from .files import remove_unfinished, say
from .models import set_mask
from .predict import predict
from .shares import shares
from .train import train

# As load_pretrained, pandas and other commands call options.
CALLED_ELSEWHERE = {"--target": "--model", "--sep": "--delimiter"}


@click.group(
    commands=[predict, shares, explain, evaluate, train],
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(__version__, prog_name="sknames")
def cli():
    """Predict nationalities from the names in files.

    Files are CSV, TSV, JSON lines or Parquet, of any size; "-" is standard input or
    output, and files compressed with gzip or zstd are read directly. Run `sknames
    COMMAND --help` for more.
    """


def run(arguments):
    """Run a command in this process, and return its exit code. An error is one line."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *where: say(
                f"sknames: warning: {message}"
            )
            return cli(arguments, prog_name="sknames", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        _suggest(error)
        message, code = error.format_message(), error.exit_code
        hint = (
            f" See `{error.ctx.command_path} --help`."
            if getattr(error, "ctx", None)
            else ""
        )
    except Exception as error:
        hint, message, code = "", _message(error), 1
    message = " ".join(message.split())
    message += "" if message.endswith((".", "?")) else "."
    say(f"sknames: {message}{hint}")
    return code


def _suggest(error):
    """Name the option that is meant by a name that others give to it."""
    meant = CALLED_ELSEWHERE.get(getattr(error, "option_name", None))
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        options = chain.from_iterable(p.opts for p in error.ctx.command.params)
        if meant in options:
            error.possibilities = [meant]


def _message(error):
    """Say what is wrong and what to do."""
    if isinstance(error, MemoryError):
        return f"{str(error) or 'memory is full'}: give fewer --jobs"
    if isinstance(error, OSError):
        step = "; ".join(getattr(error, "__notes__", [])) or "choose another file"
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            step = "check the path"
        elif error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            step += "; make room"
        return (
            f"{error.filename}: " * bool(error.filename)
            + f"{error.strerror or error}: {step}"
        )
    is_ours = isinstance(error, ValueError | TypeError | ImportError | RuntimeError)
    return (
        str(error)
        if is_ours
        else f"{error!r}: this is a fault of sknames, please report it"
    )


def _stop(number, frame):
    """End the process here.

    An exception may be lost, for example in the callback of a weakref.
    """
    end = "\n" * sys.stderr.isatty()  # of the bar
    os.write(
        sys.stderr.fileno(), f"{end}sknames: stopped: {remove_unfinished()}.\n".encode()
    )
    if number == signal.SIGINT:  # so that a shell's loop ends, too
        signal.signal(number, signal.SIG_DFL)
        set_mask(signal.SIG_UNBLOCK, [number])  # a process may just be starting
        signal.raise_signal(number)
    os._exit(128 + number)


def main():
    """Run the command line in a process of its own."""
    sys.stderr = sys.stderr or open(os.devnull, "w")  # None after 2>&-
    # multiprocessing warns of semaphores if a command with --jobs is stopped; it
    # removes them, too.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    if sys.stdout is not None:
        sys.stdout.reconfigure(
            errors="replace"
        )  # an old terminal may know few characters
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        getattr(signal, "SIGHUP", signal.SIGTERM),
    ):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))
