"""The command that writes the current output of examples into docstrings."""

import importlib
import sys

import pytest

from docs import docstrings

MODULE = '''"""A module."""


def double(x):
    """Return the double.

    Examples
    --------
    >>> double(1)
    3
    >>> for k in (1, 2):
    ...     print(double(k))
    2
    >>> double("a")  # doctest: +ELLIPSIS
    'a...
    """
    return 2 * x


class Holder:
    """Hold nothing.

    Examples
    --------
    >>> len(vars(Holder()))
    7
    """
'''
RIGHT = (
    MODULE.replace("    3\n", "    2\n")
    .replace("(k))\n    2\n", "(k))\n    2\n    4\n")
    .replace("    7\n", "    0\n")
)


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shown", raising=False)

    def make(text):
        (tmp_path / "shown.py").write_text(text, encoding="utf-8")
        return importlib.import_module("shown")

    yield make
    sys.modules.pop("shown", None)


def test_docstring_examples_with_wrong_output_are_rewritten(module, tmp_path):
    shown = module(MODULE)
    docstrings.write({"double": shown.double, "Holder": shown.Holder}, tmp_path)
    assert (tmp_path / "shown.py").read_text(encoding="utf-8") == RIGHT


def test_docstring_example_that_raises_leaves_file_unchanged(module, tmp_path):
    text = MODULE.replace("double(1)\n", "1 / 0\n")
    shown = module(text)
    with pytest.raises(ZeroDivisionError):
        docstrings.write({"Holder": shown.Holder, "double": shown.double}, tmp_path)
    assert (tmp_path / "shown.py").read_text(encoding="utf-8") == text


def test_docstring_example_found_in_two_files_raises_error(module, tmp_path):
    shown = module(MODULE)
    (tmp_path / "copy.py").write_text(MODULE, encoding="utf-8")
    with pytest.raises(ValueError, match="docstring with 'len.vars.Holder.*by hand"):
        docstrings.write({"Holder": shown.Holder}, tmp_path)
