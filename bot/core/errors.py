"""Errors that a person can act on: each names the place, the fault and the cure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong, in one line."""

    place: str
    """File, setting or address."""
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}; {self.cure}."


class FaultsError(Exception):
    """Raised with every fault found, never only the first, so that one run is enough to mend them all."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def fail(place: str, what: str, cure: str) -> FaultsError:
    """An error with a single fault, to be raised by the caller (which keeps its own `from`)."""
    return FaultsError([Fault(place, what, cure)])
