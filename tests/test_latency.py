"""Latencies are counted in turns, and their quantiles are those of NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torchbook import latency
from torchbook.latency import Latency, latencies


@given(
    times=st.lists(st.floats(0, 10), min_size=1, max_size=30),
    share=st.floats(0, 1),
)
def test_quantiles_are_numpys(times, share):
    result = Latency(tuple(sorted(times)))
    assert result.quantile(share) == pytest.approx(np.quantile(times, share), abs=1e-9)
    assert result.median == pytest.approx(np.median(times), abs=1e-9)
    assert result.median <= result.p95 + 1e-9


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(share):
    with pytest.raises(ValueError, match="share must be from 0 to 1, but is"):
        Latency((1.0,)).quantile(share)


def test_it_reads_well():
    result = Latency(tuple(k / 1000 for k in range(1, 102)))
    assert str(result) == "median 51.0 ms, 95th percentile 96.0 ms (101 calls)"


def test_functions_take_turns_and_the_first_call_of_each_is_not_counted(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    called = []
    result = latencies({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, 4, 2)
    assert "".join(called) == "aaabbbaaabbb"
    assert result == {"a": Latency((1, 1, 1, 1)), "b": Latency((1, 1, 1, 1))}


def test_an_accelerator_is_waited_for(monkeypatch):
    waits = []
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda: waits.append(1))
    latencies({"a": lambda: None}, 1, 1)
    assert len(waits) == 4  # before and after each of two calls


@pytest.mark.parametrize(("n", "turn"), [(5, 2), (0, 1), (4, 0), (-2, 2)])
def test_calls_come_in_whole_turns(n, turn):
    with pytest.raises(ValueError, match="n must be a multiple of turn, 1 or more, but they are"):
        latencies({"a": lambda: None}, n, turn)
