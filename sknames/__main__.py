"""The command line: ``python -m sknames``, or ``sknames``."""

import signal
import sys


def main():
    """Run the command line, if what it needs is installed."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup ignores Ctrl-C
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while it imports
    try:
        from ._cli.main import main as run
    except ModuleNotFoundError as error:
        missing = error.name.partition(".")[0]
        if missing not in ("click", "pyarrow"):
            raise
        sys.exit(
            f"sknames: the command line needs {missing}. Install it: pip install 'sknames[cli]'"
        )
    run()


if __name__ == "__main__":
    main()
