"""Run the examples in public docstrings, and write their output into the docstrings.

Run ``python docs/docstrings.py`` after a training. Examples whose output has not
changed stay as they are.
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

    They are in ``__all__`` of a public module, or returned by such an object.

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
    # Since Python 3.13, a cached_property is a routine, but it is not callable.
    for call in filter(is_ours, filter(callable, calls)):
        result = inspect.signature(call).return_annotation
        if inspect.isclass(result) and is_ours(result):
            classes[f"{result.__module__}.{result.__name__}"] = result
    return classes


class Recorder(doctest.DocTestRunner):
    """Record the output of examples that differs from the expected output.

    Attributes
    ----------
    printed : list of (Example, str)
    """

    def __init__(self):
        super().__init__(verbose=False)
        self.printed = []

    def report_failure(self, out, test, example, got):
        """Record an example; the other examples of the docstring are run, too."""
        self.printed.append((example, got))

    def report_unexpected_exception(self, out, test, example, exc_info):
        """Raise the exception, since no docstring shows one."""
        raise exc_info[1]


def write(objects, package=PACKAGE):
    """Update the docstrings of objects, a dict by name, in the files of a folder."""
    recorder = Recorder()
    for name, public in objects.items():
        for test in doctest.DocTestFinder(recurse=False).find(public, name):
            recorder.run(test)
    for example, got in recorder.printed:
        replace(example, got, package)


def replace(example, got, package):
    """Replace the expected output of an example in the file that contains it.

    Raises
    ------
    ValueError
        If there is not exactly one such example.
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
            f"Expected one docstring with {first!r} and its output, found "
            f"{len(places)}. Write its new output by hand: {got!r}."
        )
    ((path, lines, i),) = places
    indent = lines[i][: lines[i].index(">>>")]
    printed = [f"{indent}{line}".rstrip() + "\n" for line in got.splitlines()]
    lines[i + len(code) : i + len(shown)] = printed
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write(public_objects())
