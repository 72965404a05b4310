"""Keep results in files as plain arrays, texts and numbers, without private classes."""

from dataclasses import fields
from typing import Any, ClassVar

import numpy as np

VERSION = 1  # of the format; increase it when fields change
KIND = "sknames kind"  # dict key with the name of one of `Saved._kinds`


class Saved:
    """Base of dataclasses that can be stored in files as plain values."""

    _kinds: ClassVar[dict[str, type]] = {}

    def __init_subclass__(cls, **params: Any) -> None:
        super().__init_subclass__(**params)
        Saved._kinds[cls.__name__] = cls


class SavedResult(Saved):
    """Base of results, which are pickled by their public name and plain values.

    Equality is identity, although results are mappings.
    """

    def __eq__(self, other: object) -> bool:
        """Return whether this is the same result."""
        return self is other

    def __hash__(self) -> int:
        """Return a hash of the identity of the result."""
        return id(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the function and arguments with which pickle restores the result."""
        return type(self)._read, (VERSION, _to_plain(self))

    @classmethod
    def _read(cls, version, plain):
        """Create a result from the plain values in a file."""
        if version != VERSION:
            raise ValueError(
                f"Expected results in format {VERSION}, got format {version}. Estimate "
                "them again, or load them with the version of sknames that saved them."
            )
        return _from_plain(plain)


def _to_plain(value):
    """Replace `Saved` objects by dicts of plain values."""
    if isinstance(value, Saved):
        plain = {KIND: type(value).__name__}
        for field in fields(value):
            plain[field.name] = _to_plain(getattr(value, field.name))
        if "draws" in plain:  # most of the file; digits beyond float32 are noise
            plain["draws"] = plain["draws"].astype(np.float32)
        return plain
    if isinstance(value, dict):
        return {key: _to_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return np.array(value)  # a copy, because a view would store its whole base
    return value


def _from_plain(plain):
    """Restore the values that were passed to `_to_plain`."""
    if isinstance(plain, dict):
        values = {key: _from_plain(item) for key, item in plain.items()}
        kind = values.pop(KIND, None)
        if kind is None:
            return values
        if "draws" in values:
            values["draws"] = values["draws"].astype(np.float64)
        return Saved._kinds[kind](**values)
    if isinstance(plain, list):
        return [_from_plain(item) for item in plain]
    return plain
