from __future__ import annotations

import random
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import offence
from tests.fuzz.mutation import mutate
from tests.fuzz.targets import TARGETS

FILES = ("program", "target", "trace", "stats", "run_json", "result_json", "timeline", "input")
"""Decoders that read files; they are slower, and fewer examples have to do."""


@pytest.mark.parametrize("name", TARGETS)
def test_real_inputs_are_decoded(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()
    assert seeds
    if name not in {"request_frame", "reply_frame", "actions", "reply"}:  # some seeds are wrong
        for seed in seeds:
            if name == "request" and seed in TARGETS["reply"].seeds()[1::2]:
                continue
            target.decode(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_harmed_inputs_are_decoded_or_refused(name: str) -> None:
    """What `python -m tests.fuzz` does for as long as one likes; here hypothesis shrinks it."""
    target = TARGETS[name]
    seeds = target.seeds()

    @given(st.integers(0, len(seeds) - 1), st.integers(0, 1 << 32))
    @settings(
        max_examples=60 if name in FILES else 200,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def harm(index: int, number: int) -> None:
        data = mutate(seeds[index], random.Random(number), seeds)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert offence(target, data) == ""

    harm()
