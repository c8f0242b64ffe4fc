"""What a call costs and how long one waits for it are counted by clocks that the tests turn."""

from types import SimpleNamespace

import pytest
import torch

from torchbook.apps import latency
from torchbook.apps.latency import Times, latencies, measure


def test_it_reads_well():
    result = Times(tuple(k / 1000 for k in range(1, 102)))
    assert str(result) == "median 51.0 ms, 95th percentile 96.0 ms (101 calls)"


class Clock:
    """A clock that goes on only when a job says how long it took."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls = 0

    def job(self, seconds):
        def run():
            self.calls += 1
            self.now += seconds

        return run


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(latency.time, "thread_time", lambda: clock.now)
    return clock


def test_a_long_call_is_measured_alone_after_one_to_warm_up(clock):
    assert measure(clock.job(3), repeat=4) == Times((3, 3, 3, 3))
    assert clock.calls == 1 + 4


def test_short_calls_are_measured_many_at_a_time(clock):
    times = measure(clock.job(2**-10), repeat=2)  # 1 ms: 32 of them take 20 ms or more
    assert times == Times((2**-10, 2**-10))
    assert clock.calls == 1 + 2 + 4 + 8 + 16 + 32 + 2 * 32


def test_one_thread_works_and_then_as_many_as_before(clock, monkeypatch):
    threads = [3]
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads[-1])
    monkeypatch.setattr(torch, "set_num_threads", threads.append)

    def fail():
        assert threads[-1] == 1
        raise KeyError

    with pytest.raises(KeyError):
        measure(fail)
    assert threads == [3, 1, 3]


def test_an_accelerator_is_asked_by_events(monkeypatch):
    done = []

    class Event:
        def __init__(self, device, enable_timing):
            assert (device.type, enable_timing) == ("cuda", True)

        def record(self):
            self.at = 500 * len(done)  # milliseconds

        def synchronize(self):
            done.append(self)

        def elapsed_time(self, later):
            return later.at - self.at

    monkeypatch.setattr(torch, "Event", Event)
    called = []
    assert measure(lambda: called.append(1), "cuda", repeat=2) == Times((0.5, 0.5))
    assert len(called) == 3
    assert len(done) == 1 + 2 * 3  # the start, then two for each call


@pytest.mark.gpu
def test_events_of_a_gpu():
    a = torch.rand(2048, 2048, device="cuda")
    small = measure(lambda: a[:64, :64] @ a[:64, :64], "cuda").median
    assert 0 < small < measure(lambda: a @ a, "cuda").median


def test_functions_take_turns_and_the_first_call_of_each_is_not_counted(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(latency, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    called = []
    result = latencies({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, 4, 2)
    assert "".join(called) == "aaabbbaaabbb"
    assert result == {"a": Times((1, 1, 1, 1)), "b": Times((1, 1, 1, 1))}


def test_an_accelerator_is_waited_for(monkeypatch):
    waits = []
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda: waits.append(1))
    latencies({"a": lambda: None}, 1, 1)
    assert len(waits) == 4  # before and after each of two calls


@pytest.mark.parametrize(("n", "turn"), [(5, 2), (0, 1), (4, 0), (-2, 2)])
def test_calls_come_in_whole_turns(n, turn):
    with pytest.raises(ValueError, match="n must be a positive multiple of turn, but n is"):
        latencies({"a": lambda: None}, n, turn)
