"""Keep results in files as plain arrays, texts and numbers, without private classes."""

from dataclasses import fields
from typing import Any, ClassVar

import numpy as np

VERSION = 1  # of the format; raise it when fields change
KIND = "sknames kind"  # the key of a dict that stands for one of `Saved.KINDS`


class Saved:
    """A dataclass whose fields a file can hold."""

    KINDS: ClassVar[dict[str, type]] = {}

    def __init_subclass__(cls, **params: Any) -> None:
        super().__init_subclass__(**params)
        Saved.KINDS[cls.__name__] = cls

    def _for_file(self) -> "Saved":
        """Return what a file holds in its place."""
        return self


class SavedResult(Saved):
    """A result, which pickle stores by its public name and plain values."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how pickle makes it again."""
        return type(self)._read, (VERSION, _to_plain(self))

    @classmethod
    def _read(cls, version, plain):
        """Return a result from what a file holds."""
        if version != VERSION:
            raise ValueError(
                f"Expected results in format {VERSION}, got format {version}. Estimate "
                "them again, or read them by the version of sknames that wrote them."
            )
        return _from_plain(plain)


def _to_plain(value):
    """Return values with dicts in place of `Saved` ones."""
    if isinstance(value, Saved):
        value = value._for_file()
        plain = {KIND: type(value).__name__}
        for field in fields(value):
            plain[field.name] = _to_plain(getattr(value, field.name))
        if "draws" in plain:  # most of a file, whose digits beyond seven are chance
            plain["draws"] = plain["draws"].astype(np.float32)
        return plain
    if isinstance(value, dict):
        return {key: _to_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return np.array(value)  # not a view of more
    return value


def _from_plain(plain):
    """Return what `_to_plain` was given."""
    if isinstance(plain, dict):
        values = {key: _from_plain(item) for key, item in plain.items()}
        kind = values.pop(KIND, None)
        if kind is None:
            return values
        if "draws" in values:
            values["draws"] = values["draws"].astype(np.float64)
        return Saved.KINDS[kind](**values)
    if isinstance(plain, list):
        return [_from_plain(item) for item in plain]
    return plain
