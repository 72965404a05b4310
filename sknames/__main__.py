"""The command line: ``python -m sknames``, or ``sknames``."""

import sys


def main():
    """Run the command line, if what it needs is installed."""
    try:
        from .cli import main as run
    except ModuleNotFoundError as error:
        if error.name not in ("click", "pyarrow"):
            raise
        sys.exit(
            f"sknames: the command line needs {error.name}. Install it: pip install 'sknames[cli]'"
        )
    run()


if __name__ == "__main__":
    main()
