"""Arrow arrays from numbers, flags and texts, without pandas.

`pa.array` imports pandas to ask whether it was given something of it. Each Python worker of Spark
would pay for that, which is more than it costs to parse 100,000 lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

Integers = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

MAX_END = np.iinfo(np.int32).max


def integers_of(array: pa.Array) -> Integers:
    """The integers or flags (0 and 1) of an array without a NULL.

    >>> integers_of(integer_array(np.array([7, 8, 9]))[1:]).tolist()
    [8, 9]
    """
    if not len(array):
        return np.empty(0, np.int64)
    wide = array.cast(pa.int64())
    found: Integers = np.frombuffer(wide.buffers()[1], np.int64)
    return found[wide.offset : wide.offset + len(wide)]


def flags_of(array: pa.Array) -> Flags:
    """The flags of an array without a NULL.

    >>> flags_of(flag_array(np.array([True, False]))).tolist()
    [True, False]
    """
    found: Flags = integers_of(array) != 0
    return found


def integer_array(numbers: Integers) -> pa.Array:
    """The numbers, none of them NULL.

    >>> integer_array(np.array([1, -2])).to_pylist()
    [1, -2]
    """
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, _buffer(numbers, np.int64)])


def flag_array(flags: Flags) -> pa.Array:
    """The flags, none of them NULL.

    >>> flag_array(np.array([True, False])).to_pylist()
    [True, False]
    """
    return pa.Array.from_buffers(pa.bool_(), len(flags), [None, _bits(flags)])


def optional_integers(values: Sequence[int | None]) -> pa.Array:
    """Numbers of 64 bits; None is NULL.

    >>> optional_integers([1, None]).to_pylist()
    [1, None]

    Raises:
        OverflowError: if a number does not fit.
    """
    numbers = np.array([value or 0 for value in values], np.int64)
    buffers = [_validity(values), _buffer(numbers, np.int64)]
    return pa.Array.from_buffers(pa.int64(), len(values), buffers)


def optional_texts(values: Sequence[str | None]) -> pa.Array:
    """Texts; None is NULL.

    >>> optional_texts(["a", None, ""]).to_pylist()
    ['a', None, '']

    Raises:
        OverflowError: if they have 2 GiB or more together.
        UnicodeEncodeError: if a text holds half a surrogate pair.
    """
    encoded = [(value or "").encode() for value in values]
    buffers = [_validity(values), _ends(encoded), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def word_lists(values: Sequence[Sequence[str]]) -> pa.Array:
    """Lists of texts, without a NULL.

    >>> word_lists([["a", "b"], []]).to_pylist()
    [['a', 'b'], []]
    """
    words = optional_texts([word for value in values for word in value])
    buffers = [None, _ends(values)]
    return pa.Array.from_buffers(pa.list_(pa.string()), len(values), buffers, children=[words])


def empty_lists(count: int) -> pa.Array:
    """So many lists of texts, each without a text.

    >>> empty_lists(2).to_pylist()
    [[], []]
    """
    return word_lists([()] * count)


def _validity(values: Sequence[object]) -> pa.Buffer:
    return _bits(np.array([value is not None for value in values], np.bool_))


def _bits(flags: Flags) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def _ends(values: Sequence[bytes | Sequence[str]]) -> pa.Buffer:
    """Where each value begins, and where the last one ends."""
    ends = np.zeros(len(values) + 1, np.int64)
    np.cumsum([len(value) for value in values], out=ends[1:])
    if ends[-1] > MAX_END:  # cut to 32 bits it would point to other values
        raise OverflowError(f"{ends[-1]:,} bytes or values are more than an Arrow array can hold")
    return _buffer(ends, np.int32)


def _buffer(numbers: np.ndarray[Any, Any], kind: type[np.generic]) -> pa.Buffer:
    return pa.py_buffer(np.ascontiguousarray(numbers, kind))
