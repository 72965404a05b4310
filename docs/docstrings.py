"""Find what is public, run the examples of its docstrings, and write what they print.

Run ``python docs/docstrings.py`` after a training. Examples that print what is expected
stay as they are.
"""

import doctest
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

import sknames

PACKAGE = Path(__file__).parents[1] / "sknames"


def public_objects():
    """Return all public functions and classes, by name.

    They are listed by a public module, or returned by what a module lists.

    Returns
    -------
    objects : dict of str to object
    """
    modules = ["sknames"]
    for _, name, _ in pkgutil.walk_packages(sknames.__path__, "sknames."):
        is_private = any(part.startswith("_") for part in name.split("."))
        if not is_private and hasattr(import_module(name), "__all__"):
            modules.append(name)
    objects = {}
    for module in modules:
        for name in import_module(module).__all__:
            if callable(getattr(import_module(module), name)):
                objects[f"{module}.{name}"] = getattr(import_module(module), name)
    return objects | returned_classes(objects.values())


def is_ours(thing):
    return (getattr(thing, "__module__", None) or "").startswith("sknames")


def returned_classes(objects):
    """Return the classes that functions and methods return, by name."""
    calls = []
    for public in objects:
        if not inspect.isclass(public):
            calls.append(public)
        elif is_ours(public):
            calls += [call for _, call in inspect.getmembers(public, inspect.isroutine)]
    classes = {}
    # A cached_property is a routine since Python 3.13, but cannot be called.
    for call in filter(is_ours, filter(callable, calls)):
        result = inspect.signature(call).return_annotation
        if inspect.isclass(result) and is_ours(result):
            classes[f"{result.__module__}.{result.__name__}"] = result
    return classes


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
    write(public_objects())
