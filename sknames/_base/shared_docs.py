"""Write once what several docstrings say."""

import inspect
import re
from collections.abc import Callable
from textwrap import indent
from types import FunctionType
from typing import Any, TypeVar

LINE = re.compile(r"^(?P<indent> *)\{(?P<key>\w+)\}$", re.MULTILINE)
Documented = TypeVar("Documented", bound=Callable[..., Any])


def share_docs(*sources: object) -> Callable[[Documented], Documented]:
    """Decorate a function or a class: texts replace the lines ``{key}`` of its docstrings.

    The texts are in the docstrings of the sources, each below a line with its key.
    """
    texts: dict[str, str] = {}
    for source in sources:
        _, *parts = LINE.split(inspect.getdoc(source) or "")
        texts |= zip(parts[1::3], map(str.strip, parts[2::3]), strict=True)

    def share(documented: Documented) -> Documented:
        for member in (documented, *vars(documented).values()):
            function = getattr(member, "__func__", member)  # of a class method
            if isinstance(function, type | FunctionType) and function.__doc__:
                function.__doc__ = LINE.sub(
                    lambda line: indent(texts[line["key"]], line["indent"]), function.__doc__
                )
        return documented

    return share
