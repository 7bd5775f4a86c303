"""When a call that failed is made again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import Code


@dataclass(frozen=True)
class RetryPolicy:
    """When a call is made again, always within its timeout, and only one that may be repeated.

    Those are the calls that change nothing, and those that change the same once and twice: Record, whose events keep
    their ids, and putting or removing items and vectors. Record is tried until its timeout is over, whatever
    ``attempts`` says: what shoppers do is not to be lost where a server is started again.

    Attributes:
        attempts: how often a call is made at most; 1 turns retries off.
        pause: seconds before the second attempt; each further pause is twice the one before, and each is stretched or
            shortened by up to a fifth at random.
        pause_max: the longest pause, before the random part.
        codes: after which statuses. RESOURCE_EXHAUSTED is not among them by default, since a server that has too much to
            do gets no better by being asked again.
    """

    attempts: int = 3
    pause: float = 0.01
    pause_max: float = 0.5
    codes: frozenset[Code] = field(default=frozenset({Code.UNAVAILABLE}))

    def __post_init__(self) -> None:
        """Refuses what could not work."""
        if self.attempts < 1:
            raise ValueError(f"attempts is {self.attempts}; it must be 1 or more")
        if not 0 < self.pause <= self.pause_max:
            raise ValueError(f"pause is {self.pause}, not above 0 and at most {self.pause_max}")

    def pauses(self, until_deadline: bool) -> Iterator[float]:
        """The pauses before each further attempt, in seconds."""
        pause, left = self.pause, self.attempts - 1
        while until_deadline or left > 0:
            yield pause * random.uniform(0.8, 1.2)
            pause, left = min(pause * 2, self.pause_max), left - 1
