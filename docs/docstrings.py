"""Run the examples of public docstrings, and write what they print now.

Run ``PYTHONPATH=. python docs/docstrings.py`` after a training. Examples that print
what is expected stay as they are.
"""

import doctest
from pathlib import Path


class Recorder(doctest.DocTestRunner):
    """Note what an example prints instead of what it should.

    Attributes
    ----------
    printed : list of (str, int, Example, str)
        The file, the index of the docstring's first line, the example, and what it
        prints.
    """

    def __init__(self):
        super().__init__(verbose=False)
        self.printed = []

    def report_failure(self, out, test, example, got):
        """Note an example; all others of the docstring run, too."""
        self.printed.append((test.filename, test.lineno, example, got))

    def report_unexpected_exception(self, out, test, example, exc_info):
        """Raise: an error is nothing that a docstring shows."""
        raise exc_info[1]


def write(objects):
    """Rewrite the docstrings of objects, a dict by name, in their files."""
    recorder = Recorder()
    for name, public in objects.items():
        for test in doctest.DocTestFinder(recurse=False).find(public, name):
            recorder.run(test)
    # From below, since what is printed may have more lines or fewer.
    recorder.printed.sort(key=lambda row: row[1] + row[2].lineno, reverse=True)
    for filename, first, example, got in recorder.printed:
        path = Path(filename)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        at = first + example.lineno
        indent = lines[at][: lines[at].index(">>>")]
        start = at + example.source.count("\n")
        stop = start + example.want.count("\n")
        lines[start:stop] = [f"{indent}{line}\n" for line in got.splitlines()]
        path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    from docs.interface import PUBLIC

    write(PUBLIC)
