"""The command line: its group of commands, their errors, and the process."""

import errno
import os
import sys
import warnings

import click

from ._commands._common import say
from ._commands._evaluate import evaluate
from ._commands._explain import explain
from ._commands._predict import predict
from ._commands._shares import shares
from ._commands._train import train
from ._stopping import NOTHING_KEPT, stop_cleanly
from ._version import __version__


class OneLineErrors(click.Group):
    """A group of commands whose errors are one line that says what to do, never a traceback."""

    def main(self, *arguments, **options):
        try:
            return super().main(*arguments, **options)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except MemoryError as error:
            raise click.ClickException("memory is full: give fewer --jobs") from error
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            what = f"{where}{error.strerror or error}"
            raise click.ClickException(f"{what}: {_remedy(error)}") from error
        except (ValueError, TypeError, ImportError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            raise click.ClickException(
                f"{type(error).__name__}: {error}: this is a fault of sknames, please report it"
            ) from error


def _remedy(error):
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "check the path"
    if isinstance(error, PermissionError | IsADirectoryError):
        return "choose another file"
    if error.errno == errno.EBADF:
        return "standard input or output is closed: name a file in its place, and run it again"
    return f"{NOTHING_KEPT}; make room or choose another --output, and run it again"


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sknames")
def cli():
    """Predict nationalities from the names in files.

    Files are CSV, TSV, JSON lines or Parquet, of any size; "-" is standard input or output, and
    files compressed with gzip or zstd are read directly. Run `sknames COMMAND --help` for more.
    """


# A later command is a file in _commands, too, and abstention an option of predict, whose reason it
# gives.
for command in (predict, shares, explain, evaluate, train):
    cli.add_command(command)


def run(arguments):
    """Run a command in this process, and return its exit code."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *where: say(f"sknames: warning: {message}")
            code = cli(arguments, prog_name="sknames", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" See `{context.command_path} --help`." if context else ""
        message = " ".join(error.format_message().split())
        if not message.endswith("..."):
            message = message.rstrip(".?") + "."
        say(f"sknames: {message}{hint}")
        return error.exit_code
    except (BrokenPipeError, click.Abort):  # whoever reads has enough
        return 1
    return code or 0


def _open_closed_streams():
    """Let the use of a closed standard input or output be an error, and messages be lost.

    What is opened next, such as a socket, would else be taken for it.
    """
    for number, stream, useless in (
        (0, "stdin", os.O_WRONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, useless)  # as the lowest number that is free
            setattr(sys, stream, open(number, "w" if number else "r", encoding="utf-8"))


def main():
    """Run the command line in a process of its own."""
    _open_closed_streams()
    stop_cleanly()
    code = run(sys.argv[1:])
    # No farewell of the interpreter: a thread of pyarrow may still read ahead, which aborts then.
    sys.stderr.flush()
    os._exit(code)
