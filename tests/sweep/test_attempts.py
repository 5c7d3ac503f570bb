from __future__ import annotations

import multiprocessing
import os
import platform
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.base.errors import SpecError
from harness.run.ending import Ending
from harness.sweep import Resources, RetryPolicy, Rule
from harness.sweep.description.point import Point
from harness.sweep.description.retry_policy import DEFAULTS, policy_from_dict, read_policy
from harness.sweep.state.attempts import AttemptStore, Claim, End, History, Pardon
from harness.sweep.state.point_state import MOST_UNSAID, Phase, here_alive, judge
from harness.sweep.state.process_identity import identity_of

if TYPE_CHECKING:
    from pathlib import Path

POINT = Point("abc", 0, "run", {}, {}, Resources(1, 1000, 60.0))


def _claim(pid: int | None = None) -> Claim:
    return Claim(identity_of(os.getpid() if pid is None else pid))


def _dead() -> Claim:
    mine = _claim()
    return replace(mine, process=replace(mine.process, start=mine.process.start - 1))


def _state(store: AttemptStore, policy: RetryPolicy | None = None) -> tuple[Phase, Resources]:
    found = judge(POINT, store.history("abc"), policy or RetryPolicy(), store, here_alive)
    return found.phase, found.next


def _try_claim(folder: Path, winners: multiprocessing.Queue[int]) -> None:
    if AttemptStore(folder).claim("abc", 1, _claim()):
        winners.put(os.getpid())


def test_of_many_processes_exactly_one_gets_an_attempt(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    winners = context.Queue()
    crowd = [context.Process(target=_try_claim, args=(tmp_path, winners)) for _ in range(12)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    winner = winners.get(timeout=10)
    assert winners.empty()
    claim = AttemptStore(tmp_path).read_claim("abc", 1)
    assert claim is not None
    assert claim.process.pid == winner
    assert sorted(path.name for path in tmp_path.iterdir()) == ["abc.1.claim"]


def test_an_end_is_said_once(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    assert store.end("abc", 1, End(Ending.SUCCESS))
    assert not store.end("abc", 1, End(Ending.LOST))
    assert store.read_end("abc", 1) == End(Ending.SUCCESS)


def test_a_process_that_is_gone_or_whose_number_came_again_is_dead() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    gone = identity_of(child)
    os.waitpid(child, 0)
    assert gone.is_alive is False
    mine = identity_of(os.getpid())
    assert mine.is_alive is True
    assert replace(mine, start=mine.start + 1).is_alive is False
    assert replace(mine, boot="another").is_alive is False
    assert replace(mine, host=platform.node() + "x").is_alive is None
    assert replace(mine, namespace="pid:[1]").is_alive is None


def test_a_point_goes_from_waiting_to_running_to_its_end(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    assert _state(store)[0] is Phase.WAITING
    store.claim("abc", 1, _claim())
    assert _state(store)[0] is Phase.RUNNING
    store.end("abc", 1, End(Ending.SUCCESS))
    assert _state(store)[0] is Phase.SUCCEEDED


def test_an_attempt_that_is_lost_with_its_launcher_is_tried_again_for_free(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    for number in range(1, MOST_UNSAID + 1):
        store.claim("abc", number, _dead())
    found = judge(POINT, store.history("abc"), RetryPolicy(), store, here_alive)
    assert (found.phase, found.ending) == (Phase.WAITING, Ending.LOST)
    store.claim("abc", MOST_UNSAID + 1, _dead())
    assert _state(store)[0] is Phase.FAILED


def test_an_attempt_that_was_seen_to_be_killed_is_tried_again_a_few_times(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    for number in range(1, DEFAULTS[Ending.LOST].tries + 2):
        assert _state(store)[0] is Phase.WAITING
        store.claim("abc", number, _dead())
        store.end("abc", number, End(Ending.LOST))
    assert _state(store)[0] is Phase.FAILED


def test_torn_files_count_as_lost_never_as_done(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    store.claim("abc", 1, _dead())
    (tmp_path / "abc.1.end").write_bytes(b"")  # a machine that lost its power leaves this
    assert _state(store)[0] is Phase.WAITING
    (tmp_path / "abc.1.claim").write_bytes(b"\0\0")
    assert store.histories()["abc"].attempts[0].claim is None
    assert _state(store)[0] is Phase.WAITING


def test_memory_and_time_grow_with_the_failures_of_their_class(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    for number, ending in enumerate(
        (Ending.OUT_OF_MEMORY, Ending.TIME_LIMIT, Ending.OUT_OF_MEMORY)
    ):
        store.claim("abc", number + 1, _dead())
        store.end("abc", number + 1, End(ending))
    assert _state(store) == (Phase.WAITING, Resources(1, 2250, 120.0))
    store.claim("abc", 4, _dead())
    store.end("abc", 4, End(Ending.OUT_OF_MEMORY))
    assert _state(store)[0] is Phase.FAILED


def test_what_declares_no_memory_gets_what_it_was_seen_to_use_and_half_more(tmp_path: Path) -> None:
    policy = RetryPolicy()
    found = policy.resources(Resources(), [Ending.OUT_OF_MEMORY], peak_bytes=100)
    assert found.memory_bytes == 150
    assert policy.resources(Resources(), [Ending.LOST], peak_bytes=100).memory_bytes == 0
    assert not list(tmp_path.iterdir())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([e for e in Ending if e is not Ending.SUCCESS]), max_size=9))
def test_only_classes_with_tries_left_are_tried_again(endings: list[Ending]) -> None:
    policy = RetryPolicy({Ending.LOST: Rule(2), Ending.TIME_LIMIT: Rule(1, time=3.0)})
    allowed = {Ending.LOST: 2, Ending.TIME_LIMIT: 1}
    wanted = not endings or endings.count(endings[-1]) <= allowed.get(endings[-1], 0)
    assert policy.allows(endings) is wanted
    factor = 3.0 ** endings.count(Ending.TIME_LIMIT)
    assert policy.resources(Resources(1, 0, 1.0), endings).time_s == factor


def test_deterministic_failures_are_not_tried_again(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    store.claim("abc", 1, _dead())
    store.end("abc", 1, End(Ending.CRASH))
    assert _state(store)[0] is Phase.FAILED


def test_a_pardon_lets_a_point_be_tried_again_with_what_the_user_gives(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    store.claim("abc", 1, _dead())
    store.end("abc", 1, End(Ending.CRASH))
    store.pardon("abc", 1, Pardon(memory_bytes=5000))
    assert _state(store) == (Phase.WAITING, Resources(1, 5000, 60.0))
    store.claim("abc", 2, _dead())
    store.end("abc", 2, End(Ending.CRASH))
    assert _state(store)[0] is Phase.FAILED


def test_a_cancelled_point_is_left_alone_until_it_is_resumed(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    store.cancel("abc")
    assert _state(store)[0] is Phase.CANCELLED
    store.resume("abc")
    assert _state(store)[0] is Phase.WAITING


def test_one_point_and_all_points_are_read_alike(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    assert store.histories() == {}
    assert store.history("abc") == History()
    store.claim("abc", 1, _claim())
    store.end("abc", 1, End(Ending.LOST))
    store.pardon("abc", 1, Pardon())
    store.claim("abc", 2, _claim())
    store.cancel("abc")
    assert store.histories()["abc"] == store.history("abc")


def test_the_first_reason_for_stopping_counts(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    assert store.stop_reason("abc", 1) is None
    store.stop("abc", 1, Ending.PREEMPTED)
    store.stop("abc", 1, Ending.CANCELLED)
    assert store.stop_reason("abc", 1) is Ending.PREEMPTED


@pytest.mark.parametrize(
    "table",
    [
        {"out_of_luck": 1},
        {"success": 1},
        {"lost": -1},
        {"lost": True},
        {"lost": {"tries": 1, "ram": 2}},
        {"lost": {"memory": 0.5}},
        {"lost": {"time": "2"}},
    ],
)
def test_wrong_policies_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        read_policy(table)


def test_a_policy_is_shown_and_comes_back_from_its_file() -> None:
    policy = read_policy({"out_of_memory": {"tries": 4}, "crash": 1})
    assert policy_from_dict(policy.to_dict()) == policy
    assert policy_from_dict(RetryPolicy({}).to_dict()) == RetryPolicy({})
    assert "out of memory: 4 more, memory x1.5" in policy.lines()
    assert "crash: 1 more" in policy.lines()
