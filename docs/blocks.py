"""Run the Python blocks and the commands of pages, and write their output into them.

For example, ``python docs/blocks.py docs/predict.md``.
"""

import re
import shlex
import subprocess
import sys
import warnings
from contextlib import chdir, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

BLOCK = re.compile(
    r"^(?:<!-- ([^\n]*) -->\n)?```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?",
    re.DOTALL | re.M,
)


def run_blocks(path):
    """Run the blocks of a page in one session. Yield each block and its output.

    A block after the comment ``<!-- not run: reason -->`` is not run. A block after
    ``<!-- needs: package -->`` is run only if the package is installed.
    """
    text = path.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == text.count("```python\n")
    session = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        mark, _, value = (block[1] or "").partition(": ")
        assert mark in ("", "needs", "not run"), block[1]
        if mark == "not run" or (mark == "needs" and find_spec(value) is None):
            continue
        # Blank lines in front, so that errors have the line number of the page.
        code = "\n" * text.count("\n", 0, block.start(2)) + block[2]
        with warnings.catch_warnings(), redirect_stdout(StringIO()) as out:
            if mark == "needs":
                warnings.simplefilter("ignore")  # warnings of other packages
            exec(compile(code, path.name, "exec"), session)
        yield block, out.getvalue()


def write(pages):
    """Write the output of the blocks and commands of pages into them."""
    for page in map(Path.resolve, map(Path, pages)):
        text = page.read_text(encoding="utf-8")
        with TemporaryDirectory() as folder, chdir(folder):  # blocks may write files
            for block, printed in run_blocks(page):
                bare = block[0].split("\n```text\n")[0].rstrip("\n") + "\n"
                printed = re.sub(" +$", "", printed, flags=re.M)
                shown = f"\n```text\n{printed}```\n" if printed else ""
                text = text.replace(block[0], bare + shown)
            write_files(text)
            for command in commands(text):
                if "sknames " in command[1]:  # other commands need a server
                    text = text.replace(command[0], _with_output(command[1]))
        page.write_text(text, encoding="utf-8")


def write_files(text):
    """Write the files that a page shows, so that its commands can read them."""
    for name, content in re.findall(r"```text\n# (.*)\n([^`]*)```", text):
        Path(name).write_text(content, encoding="utf-8")


def commands(text):
    """Yield a match for each console command of a page: command and output."""
    for console in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        yield from re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE)


# The command prints shares and rates as text for people only if stdout is a terminal.
IN_TERMINAL = (
    "import sys; sys.stdout.isatty = lambda: True; "
    "from sknames.__main__ import main; main()"
)


def _with_output(command):
    """Return a command with its output in a terminal."""
    program = f"{shlex.quote(sys.executable)} -c {shlex.quote(IN_TERMINAL)} "
    printed = subprocess.run(
        command.replace("sknames ", program, 1),
        shell=True,
        capture_output=True,
        encoding="utf-8",
    )
    return f"$ {command}\n{printed.stdout}{printed.stderr}"


if __name__ == "__main__":
    write(sys.argv[1:])
