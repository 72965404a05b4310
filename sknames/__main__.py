"""The command line: ``python -m sknames``, or ``sknames``."""

import signal
import sys


def main():
    """Run the command line, or say which package is missing."""
    # Ctrl-C during the imports below ends the process without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not under nohup
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from ._cli.main import main as run
    except ModuleNotFoundError as error:
        from ._base import install

        missing = error.name.partition(".")[0]
        if missing not in ("click", "pyarrow"):
            raise
        sys.exit(
            f"sknames: the command line needs {missing}. Install it: {install('cli')}"
        )
    run()


if __name__ == "__main__":
    main()
