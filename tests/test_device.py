"""Devices and seeds."""

import random
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from torchbook.device import best_device, device_name, seed_everything, to_device


def test_the_best_device_can_hold_a_tensor():
    assert torch.zeros(2, device=best_device()).sum().item() == 0


def test_without_an_accelerator_the_best_device_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    assert best_device() == torch.device("cpu")


def test_an_accelerator_is_preferred(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("mps"))
    assert best_device() == torch.device("mps")


@pytest.mark.parametrize(
    ("device", "name"), [("cpu", "CPU"), (torch.device("cpu"), "CPU"), ("mps", "MPS")]
)
def test_devices_have_names_for_people(device, name):
    assert device_name(device) == name


def test_a_cuda_device_goes_by_its_own_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"NVIDIA {device}")
    assert device_name("cuda:1") == "NVIDIA cuda:1"


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), torch.rand(1).item()


def test_a_seed_repeats_the_numbers_of_python_numpy_and_torch():
    seed_everything(3)
    first = draw()
    seed_everything(3)
    assert draw() == first
    seed_everything(4)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


class Pair(NamedTuple):
    first: torch.Tensor
    second: str


def test_batches_of_any_structure_are_moved():
    tensor = torch.zeros(2)
    layer = nn.Linear(1, 1)  # anything that has a method `to`
    batch = ({"a": tensor, "b": [tensor, (tensor, "text")]}, Pair(tensor, "name"), layer, None, 3)
    moved = to_device(batch, torch.device("meta"))
    assert moved[0]["a"].is_meta
    assert moved[0]["b"][0].is_meta
    assert type(moved[0]["b"][1]) is tuple
    assert moved[0]["b"][1][0].is_meta
    assert moved[0]["b"][1][1] == "text"
    assert type(moved[1]) is Pair
    assert moved[1].first.is_meta
    assert moved[2].weight.is_meta
    assert moved[3:] == (None, 3)
