"""Time one epoch of TinyVGG on Fashion-MNIST: the loop of most tutorials against torchbook's.

All train the same model (10 hidden units) on the same 60,000 images with batches of 32 and SGD at
0.1, and then measure it on the 10,000 test images, in turn, in one process:

- tutorial: torchvision's data set with `ToTensor`, a `DataLoader` that shuffles, steps that read
  loss and accuracy from the device after each batch, batches of 32 for testing as well;
- torchbook: `Batches` with `train_one_epoch` and `evaluate`;
- torchbook, channels last: the same, the model's weights in that memory format. This one counts.

    python benchmarks/fashion_mnist_epoch.py [--rounds 3]

Exits with 1 if that one needs more than 0.60 of the tutorial's time (median of the rounds).
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import ToTensor

from torchbook.data import Batches, Examples, cache_dir, load_fashion_mnist
from torchbook.models import TinyVGG
from torchbook.runtime import best_device, device_name, seed_everything
from torchbook.training import evaluate, train_one_epoch

BATCH_SIZE = 32
LEARNING_RATE = 0.1
LARGEST_RATIO = 0.60
RESULTS = Path(__file__).parent / "results"

Epoch = Callable[[], float]  # trains on all images, returns the accuracy on the test images


def new_model(device: torch.device) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Let every contender start from the same weights."""
    seed_everything(0)
    model = TinyVGG(in_channels=1, hidden_units=10, n_classes=10, image_size=28).to(device)
    return model, torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)


def tutorial_contender(device: torch.device) -> Epoch:
    """Write the loop that most tutorials write."""
    model, optimizer = new_model(device)
    loss_fn = nn.CrossEntropyLoss()
    train_data = datasets.FashionMNIST(cache_dir(), train=True, transform=ToTensor())
    test_data = datasets.FashionMNIST(cache_dir(), train=False, transform=ToTensor())
    train_loader = DataLoader(train_data, batch_size=BATCH_SIZE, shuffle=True)
    test_loader = DataLoader(test_data, batch_size=BATCH_SIZE)

    def epoch() -> float:
        model.train()
        train_loss, train_accuracy = 0.0, 0.0
        for X, y in train_loader:
            X, y = X.to(device), y.to(device)
            y_pred = model(X)
            loss = loss_fn(y_pred, y)
            train_loss += loss.item()
            train_accuracy += (y_pred.argmax(dim=1) == y).sum().item() / len(y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        model.eval()
        test_loss, n_correct = 0.0, 0
        with torch.inference_mode():
            for X, y in test_loader:
                X, y = X.to(device), y.to(device)
                y_pred = model(X)
                test_loss += loss_fn(y_pred, y).item()
                n_correct += (y_pred.argmax(dim=1) == y).sum().item()
        return n_correct / len(test_data)

    return epoch


def torchbook_contender(device: torch.device, *, channels_last: bool) -> Epoch:
    """Train with the package, on train and validation split together: the same 60,000 images."""
    model, optimizer = new_model(device)
    if channels_last:  # a grey image is laid out the same either way: the batches need nothing
        model.to(memory_format=torch.channels_last)
    splits = load_fashion_mnist()
    parts = (splits.train, splits.valid)
    examples = Examples(
        torch.cat([part.inputs for part in parts]), torch.cat([part.targets for part in parts])
    )
    train_batches = Batches(examples, BATCH_SIZE, shuffle=True, device=device)
    test_batches = Batches(splits.test, 500, device=device)

    def epoch() -> float:
        train_one_epoch(model, train_batches, nn.functional.cross_entropy, optimizer)
        return evaluate(model, test_batches).accuracy

    return epoch


def seconds(epoch: Epoch, device: torch.device) -> tuple[float, float]:
    """Return the duration of an epoch and the accuracy that it reached."""
    if device.type != "cpu":
        torch.accelerator.synchronize()
    start = time.perf_counter()
    accuracy = epoch()  # has read its result from the device, so the device is done
    return time.perf_counter() - start, accuracy


def spread(ratios: Iterable[float]) -> dict[str, float]:
    """Summarise the ratios of all rounds."""
    ratios = sorted(ratios)
    summary = {"median": statistics.median(ratios), "smallest": ratios[0], "largest": ratios[-1]}
    return {name: round(ratio, 3) for name, ratio in summary.items()}


def processor() -> str:
    """Return the CPU's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ", 1)[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> int:
    """Run the rounds, print and write the result; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each (default: 3)")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error(f"--rounds must be at least 1, but is {rounds}")

    device = best_device()
    load_at_start = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    contenders = {
        # First one of ours: it fetches the data, which the tutorial's way needs too.
        "torchbook": torchbook_contender(device, channels_last=False),
        "torchbook, channels last": torchbook_contender(device, channels_last=True),
        "tutorial": tutorial_contender(device),
    }
    timings: dict[str, list[float]] = {name: [] for name in contenders}
    accuracies: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(1, rounds + 1):
        # The order turns from round to round, so that none always comes second.
        for name in sorted(contenders, reverse=bool(number % 2)):
            duration, accuracy = seconds(contenders[name], device)
            timings[name].append(duration)
            accuracies[name].append(accuracy)
            print(f"round {number}  {name:24}  {duration:6.2f} s  {accuracy:.1%}", flush=True)

    ratios = {
        name: spread(ours / theirs for ours, theirs in zip(each, timings["tutorial"], strict=True))
        for name, each in timings.items()
        if name != "tutorial"
    }
    now = datetime.now(UTC)
    result = {
        "benchmark": "fashion_mnist_epoch",
        "date": now.isoformat(timespec="seconds"),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "device": device_name(device),
        "cpu": processor(),
        "threads": torch.get_num_threads(),
        "load_at_start": load_at_start,
        "batch_size": BATCH_SIZE,
        "seconds": {name: [round(s, 3) for s in each] for name, each in timings.items()},
        "test_accuracy": {name: [round(a, 4) for a in each] for name, each in accuracies.items()},
        "ratio_to_tutorial": ratios,
        "at_most": LARGEST_RATIO,
    }
    RESULTS.mkdir(exist_ok=True)
    name = device_name(device).lower().replace(" ", "-")
    path = RESULTS / f"{now:%Y-%m-%d}_{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for name, ratio in ratios.items():
        print(f"{name} / tutorial: {ratio['median']:.2f}", end=" ")
        print(f"({ratio['smallest']:.2f} to {ratio['largest']:.2f})")
    print(f"At most {LARGEST_RATIO:.2f} with channels last. Written to {path}")
    return 0 if ratios["torchbook, channels last"]["median"] <= LARGEST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
