"""The command line: ``python -m sknames``, or ``sknames``."""

import sys

from ._base import install


def main():
    """Run the command line, if what it needs is installed."""
    try:
        from ._cli.main import main as run
    except ModuleNotFoundError as error:
        missing = error.name.partition(".")[0]
        if missing not in ("click", "pyarrow"):
            raise
        sys.exit(f"sknames: the command line needs {missing}. Install it: {install('cli')}")
    run()


if __name__ == "__main__":
    main()
