"""Run the blocks of Python of a page, and write what they print into it.

``python docs/blocks.py docs/predict.md``
"""

import re
import sys
import warnings
from contextlib import chdir, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

BLOCK = re.compile(
    r"^(?:<!-- ([^\n]*) -->\n)?```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.M
)


def run_blocks(path):
    """Run the blocks of a page in one session. Yield each block and what it prints.

    In front of a block may stand ``<!-- not run: reason -->``, or ``<!-- needs: package -->`` for
    one that runs where that package is installed.
    """
    text = path.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == text.count("```python\n")
    session = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        mark, _, value = (block[1] or "").partition(": ")
        assert mark in ("", "needs", "not run"), block[1]
        if mark == "not run" or (mark == "needs" and find_spec(value) is None):
            continue
        # Errors then name the line of the page.
        code = "\n" * text.count("\n", 0, block.start(2)) + block[2]
        with warnings.catch_warnings(), redirect_stdout(StringIO()) as out:
            if mark == "needs":
                warnings.simplefilter("ignore")  # those of that package are its own
            exec(compile(code, path.name, "exec"), session)
        yield block, out.getvalue()


def write(pages):
    """Write what their blocks print into pages."""
    for page in map(Path.resolve, map(Path, pages)):
        text = page.read_text(encoding="utf-8")
        with TemporaryDirectory() as folder, chdir(folder):  # a page may write files
            for block, printed in run_blocks(page):
                bare = block[0].split("\n```text\n")[0].rstrip("\n") + "\n"
                printed = re.sub(" +$", "", printed, flags=re.M)
                shown = f"\n```text\n{printed}```\n" if printed else ""
                text = text.replace(block[0], bare + shown)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1:])
