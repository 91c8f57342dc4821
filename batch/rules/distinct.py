"""The different cells of a column: a long sheet says the same again and again, and each of them is read only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from batch.model import Cell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame, Series
    from pandas.api.extensions import ExtensionArray

Read = TypeVar("Read")
_Other = TypeVar("_Other")
Joined = TypeVar("Joined")


@dataclass(frozen=True, slots=True)
class Distinct(Generic[Read]):
    """What stands in a column, each once and in the order in which rows first have it; `codes` is which a row has."""

    each: Sequence[Read]
    codes: NDArray[np.intp]

    def map(self, read: Callable[[Read], _Other]) -> Distinct[_Other]:
        """Read each of them."""
        return Distinct([read(one) for one in self.each], self.codes)

    def spread(self, values: Sequence[Any], dtype: str) -> ExtensionArray:
        """Give every row the value of what stands in it; `values` are in the order of `each`."""
        import pandas as pd

        array: ExtensionArray = pd.array(values, dtype=dtype)  # type: ignore[call-overload]
        return array.take(self.codes)

    def mark(self, is_so: Callable[[Read], bool]) -> NDArray[np.bool_]:
        """Tell of which rows something is so."""
        import numpy as np

        return np.array([is_so(one) for one in self.each], dtype=bool)[self.codes]

    def first(self, place: int) -> int:
        """Find the first row, counted from 0, that has the one in this place."""
        return int((self.codes == place).argmax())


def find_distinct(column: Series[Any]) -> Distinct[Cell]:
    """Find the different cells of a column."""
    import pandas as pd

    if column.dtype != object:
        codes, cells = pd.factorize(column, use_na_sentinel=False)
        return Distinct(cells.tolist(), codes)
    # True is equal to 1, and NaN not even to itself: what may be equal is told by its kind and its text.
    kept = column.tolist()
    codes, _ = pd.factorize(pd.Series([f"{cell.__class__.__name__} {cell}" for cell in kept], dtype=object))
    places = dict(zip(reversed(codes.tolist()), reversed(kept), strict=True))
    return Distinct([places[code] for code in range(len(places))], codes)


def join(one: Distinct[Read], other: Distinct[_Other], read: Callable[[Read, _Other], Joined]) -> Distinct[Joined]:
    """Read what stands in two columns together, each pair once."""
    import pandas as pd

    width = max(1, len(other.each))
    codes, pairs = pd.factorize(one.codes * width + other.codes)
    each = [read(one.each[pair // width], other.each[pair % width]) for pair in pairs.tolist()]
    return Distinct(each, codes)


class Body:
    """The rows below a header, whose columns are each taken apart when they are asked for first."""

    def __init__(self, frame: DataFrame) -> None:
        self.frame = frame
        self._distinct: dict[int, Distinct[Cell]] = {}

    def distinct(self, column: int) -> Distinct[Cell]:
        """The different cells of a column."""
        if column not in self._distinct:
            self._distinct[column] = find_distinct(self.frame[column])
        return self._distinct[column]
