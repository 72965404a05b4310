"""Write once what several docstrings say."""

import re
from collections.abc import Callable, Mapping
from textwrap import indent
from types import FunctionType
from typing import Any, TypeVar

LINE = re.compile(r"^(?P<indent> *)\{(?P<key>\w+)\}$", re.MULTILINE)
Documented = TypeVar("Documented", bound=Callable[..., Any])


def share_docs(texts: Mapping[str, str]) -> Callable[[Documented], Documented]:
    """Decorate a function or a class: texts replace the lines ``{key}`` of its docstrings."""

    def share(documented: Documented) -> Documented:
        for member in (documented, *vars(documented).values()):
            function = getattr(member, "__func__", member)  # of a class method
            if isinstance(function, type | FunctionType) and function.__doc__:
                function.__doc__ = LINE.sub(
                    lambda line: indent(texts[line["key"]], line["indent"]), function.__doc__
                )
        return documented

    return share
