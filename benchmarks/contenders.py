"""The loops: torchbook's, the shortest one by hand, the one of most tutorials.

A contender is made for a task; that is not timed. It returns a function, and that is: it trains
for all epochs, measures after each, and returns the last accuracy on the pictures measured on.
"""

import math
from collections.abc import Callable, Iterable

import peers
import torch
from task import Task
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import ToTensor

from torchbook.device import best_device
from torchbook.training import fit

Training = Callable[[], float]
Contender = Callable[[Task], Training]


def torchbook_fit(task: Task) -> Training:
    """The package as the book uses it."""
    return _fit(task, epochs=task.epochs)


def torchbook_fit_by_steps(task: Task) -> Training:
    """The same training, measured in steps."""
    n_steps = math.ceil(task.n_train / task.batch_size)
    return _fit(task, max_steps=task.epochs * n_steps, eval_every=n_steps)


def _fit(task: Task, **length: int) -> Training:
    model = task.new_model()
    optimizer = task.new_optimizer(model)
    train, valid = task.batches()

    def training() -> float:
        history = fit(model, train, valid, optimizer, **length, progress=False)
        return history.rows[-1]["valid_accuracy"]

    return training


def by_hand(task: Task, train: Iterable, valid: Iterable) -> Training:
    """The loop of chapter 03: loss and correct answers are counted on the device, nothing else."""
    model = task.new_model()
    optimizer = task.new_optimizer(model)
    cross_entropy = nn.functional.cross_entropy
    device = best_device()

    def training() -> float:
        for _ in range(task.epochs):
            model.train()
            loss_sum, n_correct, n = 0, 0, 0
            for inputs, targets in train:
                inputs, targets = inputs.to(device), targets.to(device)
                logits = model(inputs)
                loss = cross_entropy(logits, targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                loss_sum += loss.detach() * len(targets)
                n_correct += (logits.argmax(dim=1) == targets).sum()
                n += len(targets)
            report = [loss_sum / n, n_correct / n]

            model.eval()
            loss_sum, n_correct, n = 0, 0, 0
            with torch.inference_mode():
                for inputs, targets in valid:
                    inputs, targets = inputs.to(device), targets.to(device)
                    logits = model(inputs)
                    loss_sum += cross_entropy(logits, targets) * len(targets)
                    n_correct += (logits.argmax(dim=1) == targets).sum()
                    n += len(targets)
            report += [loss_sum / n, n_correct / n]
            *_, accuracy = torch.stack(report).tolist()
        return accuracy

    return training


def tutorial(task: Task, memory_format: torch.memory_format = torch.contiguous_format) -> Training:
    """The loop that most tutorials write."""
    model = task.new_model(memory_format)
    optimizer = task.new_optimizer(model)
    loss_fn = nn.CrossEntropyLoss()
    device = best_device()
    train_data, test_data = task.pictures(train=True), task.pictures(train=False)
    train_data.transform = test_data.transform = ToTensor()
    train_loader = DataLoader(train_data, batch_size=task.batch_size, shuffle=True)
    test_loader = DataLoader(test_data, batch_size=task.batch_size)

    def training() -> float:
        for _ in range(task.epochs):
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

    return training


def on_loaders(loop: Callable[[Task, Iterable, Iterable], Training]) -> Contender:
    """Give a loop PyTorch's loaders."""
    return lambda task: loop(task, *task.loaders())


def on_batches(loop: Callable[[Task, Iterable, Iterable], Training]) -> Contender:
    """Give a loop torchbook's batches."""
    return lambda task: loop(task, *task.batches())


MINIMAL, FIT, TUTORIAL = "minimal loop", "torchbook fit", "tutorial loop"
BY_STEPS = "torchbook fit, by steps"
PEERS: dict[str, Callable[[Task, Iterable, Iterable], Training]] = {
    "PyTorch Lightning": peers.lightning,
    "fastai": peers.fastai,
    "Accelerate": peers.accelerate,
    "skorch": peers.skorch,
}

# The comparison: each as its own documentation would do it.
AS_DOCUMENTED: dict[str, Contender] = {
    MINIMAL: on_batches(by_hand),
    FIT: torchbook_fit,
    BY_STEPS: torchbook_fit_by_steps,
    TUTORIAL: tutorial,
    **{name: on_loaders(peer) for name, peer in PEERS.items()},
}
# Where the difference comes from: the same loops, fed by torchbook's batches, and the other way
# round.
TAKEN_APART: dict[str, Contender] = {
    f"{MINIMAL}, DataLoader": on_loaders(by_hand),
    f"{TUTORIAL}, channels last": lambda task: tutorial(task, torch.channels_last),
    **{f"{name}, Batches": on_batches(peer) for name, peer in PEERS.items()},
}
CONTENDERS = AS_DOCUMENTED | TAKEN_APART
