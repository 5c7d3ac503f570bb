"""Which endings are tried again, how often, and with how much more of memory and time."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.run.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.sweep.description.resources import Resources


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows an ending of one class.

    Attributes:
        tries: How many attempts that ended so are followed by another one.
        memory: Factor on the memory of the next attempt.
        time: Factor on the time of the next attempt.
    """

    tries: int = 0
    memory: float = 1.0
    time: float = 1.0


DEFAULTS = {
    Ending.OUT_OF_MEMORY: Rule(2, memory=1.5),
    Ending.TIME_LIMIT: Rule(1, time=2.0),
    Ending.PREEMPTED: Rule(100),
    Ending.NODE_FAILED: Rule(5),
    Ending.LOST: Rule(5),
}
"""All other classes are the point's own doing and would come again: they are not tried again.
What was preempted or lost is free, but for a limit that stops endless circles."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A rule for each class of ending."""

    rules: Mapping[Ending, Rule] = field(default_factory=lambda: dict(DEFAULTS))

    def allows(self, endings: Iterable[Ending]) -> bool:
        """Tell whether another attempt follows those that ended so, the last one decides."""
        ended = list(endings)
        if not ended:
            return True
        return Counter(ended)[ended[-1]] <= self._rule(ended[-1]).tries

    def resources(
        self, declared: Resources, endings: Iterable[Ending], peak_bytes: int = 0
    ) -> Resources:
        """Return what the next attempt gets.

        Args:
            declared: What the point was given at first.
            endings: How its attempts ended.
            peak_bytes: Most memory that one which ran out of it was seen to hold; counts where
                the point declares none.
        """
        memory, time = 1.0, 1.0
        for ending in endings:
            memory *= self._rule(ending).memory
            time *= self._rule(ending).time
        grown = declared.scaled(memory, time)
        if declared.memory_bytes or memory == 1.0:
            return grown
        return type(grown)(grown.cores, int(peak_bytes * memory), grown.time_s)

    def _rule(self, ending: Ending) -> Rule:
        return self.rules.get(ending, Rule())

    def lines(self) -> list[str]:
        """Return the policy for people."""
        found = []
        for ending, rule in self.rules.items():
            more = [f"memory x{rule.memory:g}"] if rule.memory != 1 else []
            more += [f"time x{rule.time:g}"] if rule.time != 1 else []
            text = f"{rule.tries} more" + (f", {', '.join(more)}" if more else "")
            found.append(f"{ending.value}: {text if rule.tries else 'never'}")
        return [*found, "any other failure: never"]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as [retry] has it."""
        return {key_of(ending): asdict(rule) for ending, rule in self.rules.items()}


def key_of(ending: Ending) -> str:
    """Return a class's key in files: out_of_memory."""
    return ending.value.replace(" ", "_")


RETRIED = tuple(each for each in Ending if each is not Ending.SUCCESS)


def find_ending(text: str) -> Ending:
    """Return the class of failure that a user names: "out of memory", out_of_memory, out-of-memory.

    Raises:
        SpecError: There is none of that name.
    """
    wanted = text.replace("-", "_").replace(" ", "_").lower()
    for each in RETRIED:
        if key_of(each) == wanted:
            return each
    names = ", ".join(map(key_of, RETRIED))
    raise SpecError(f"no class of ending {text!r}", expected=names)


def read_policy(table: Mapping[str, Any]) -> RetryPolicy:
    """Read [retry]: `out_of_memory = {tries = 3, memory = 2.0}`; what it leaves out is the default.

    Raises:
        SpecError: A class or a key is unknown, or a value is no number or negative.
    """
    rules = dict(DEFAULTS)
    for name, value in table.items():
        ending = find_ending(name)
        given = {"tries": value} if type(value) is int else value
        rules[ending] = _rule(name, given, rules.get(ending, Rule()))
    return RetryPolicy(rules)


def policy_from_dict(data: Mapping[str, Any]) -> RetryPolicy:
    """Return what `to_dict` wrote."""
    return RetryPolicy({find_ending(name): Rule(**rule) for name, rule in data.items()})


def _rule(name: str, table: Any, default: Rule) -> Rule:
    valid = asdict(default)
    if not isinstance(table, dict) or set(table) - set(valid):
        raise SpecError(
            f"retry.{name} is no rule",
            expected=f"a number of tries, or a table of {', '.join(valid)}",
            got=repr(table),
        )
    merged = {**valid, **table}
    if type(merged["tries"]) is not int or merged["tries"] < 0:
        raise SpecError(f"retry.{name}.tries is no count", got=repr(merged["tries"]))
    for key in ("memory", "time"):
        factor = merged[key]
        if isinstance(factor, bool) or not isinstance(factor, int | float) or factor < 1:
            raise SpecError(f"retry.{name}.{key} is no factor of 1 or more", got=repr(factor))
    return Rule(merged["tries"], float(merged["memory"]), float(merged["time"]))
