"""Run the examples of public docstrings, and write what they print now.

Run ``PYTHONPATH=. python docs/docstrings.py`` after a training. Examples that print
what is expected stay as they are.
"""

import doctest
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "sknames"


class Recorder(doctest.DocTestRunner):
    """Note what an example prints instead of what it should.

    Attributes
    ----------
    printed : list of (Example, str)
    """

    def __init__(self):
        super().__init__(verbose=False)
        self.printed = []

    def report_failure(self, out, test, example, got):
        """Note an example; all others of the docstring run, too."""
        self.printed.append((example, got))

    def report_unexpected_exception(self, out, test, example, exc_info):
        """Raise: an error is nothing that a docstring shows."""
        raise exc_info[1]


def write(objects, package=PACKAGE):
    """Rewrite the docstrings of objects, a dict by name, in the files of a folder."""
    recorder = Recorder()
    for name, public in objects.items():
        for test in doctest.DocTestFinder(recurse=False).find(public, name):
            recorder.run(test)
    for example, got in recorder.printed:
        replace(example, got, package)


def replace(example, got, package):
    """Replace what an example should print, in the one file that has it.

    Raises
    ------
    ValueError
        If it is not there exactly once.
    """
    first, *others = example.source.splitlines()
    code = [f">>> {first}", *(f"... {line}" for line in others)]
    shown = [line.strip() for line in [*code, *example.want.splitlines()]]
    places = []
    for path in package.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        stripped = [line.strip() for line in lines]
        for i in range(len(lines) - len(shown) + 1):
            if stripped[i : i + len(shown)] == shown:
                places.append((path, lines, i))
    if len(places) != 1:
        raise ValueError(
            f"Expected one docstring with {first!r} and what it prints, found "
            f"{len(places)}. Write by hand that it prints {got!r}."
        )
    ((path, lines, i),) = places
    indent = lines[i][: lines[i].index(">>>")]
    printed = [f"{indent}{line}".rstrip() + "\n" for line in got.splitlines()]
    lines[i + len(code) : i + len(shown)] = printed
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    from docs.interface import PUBLIC

    write(PUBLIC)
