"""Train the network of chapter 11 with the chapter's recipe, for longer than a build can wait.

    python tools/train_fashion_mnist_for_long.py fashion_mnist_20_epochs.pt

writes the averaged weights that `torchbook.models.fashion_mnist_after_20_epochs` loads: in half
precision, which changes none of the answers that matter and halves the file. Six minutes on one
core. The run can be stopped: started again, it goes on with the epoch that it was in. Needs no test
picture. Another machine or version rounds in another way, so it finds other weights, about as good.
"""

import argparse
import copy
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchbook.data import load_fashion_mnist

EPOCHS, BATCH, PEAK, DECAY, SMOOTHING, AVERAGE = 20, 64, 0.01, 0.05, 0.1, 0.999


class Block(nn.Module):
    """Normalise, bend, convolve; then pool, or add what came in."""

    def __init__(self, n_in: int, n_out: int, pool: bool = False) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(n_in)
        self.conv = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()
        self.shortcut = not pool

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, n_in, H, W] to [B, n_out, H, W], or to half of H and W with pooling."""
        y = self.pool(self.conv(self.norm(x).relu()))
        return x + y if self.shortcut else y


def make_network(width: int, depth: int) -> nn.Sequential:
    """Return the chapter's network, with Kaiming's weights."""
    layers: list[nn.Module] = [nn.Conv2d(1, width // 2, kernel_size=3, padding=1), nn.MaxPool2d(2)]
    layers.append(Block(width // 2, width, pool=True))
    layers += [Block(width, width) for _ in range(depth)]
    layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten(), nn.Linear(49 * width, 10)]
    network = nn.Sequential(*layers)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, 0, (2 / module.weight[0].numel()) ** 0.5)
            nn.init.zeros_(module.bias)
    return network.to(memory_format=torch.channels_last)


def one_cycle(peak: float, n_steps: int) -> list[float]:
    """Return a rate for each step: up in a line for a quarter, then down half a cosine."""
    n_up = n_steps // 4
    up = [peak * (step + 1) / n_up for step in range(n_up)]
    n_down = n_steps - n_up
    down = [peak * (1 + math.cos(math.pi * step / n_down)) / 2 for step in range(n_down)]
    return up + down


def update(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average a little towards the network, in place."""
    values = network.state_dict()
    for name, kept in average.state_dict().items():
        if kept.is_floating_point():
            kept.lerp_(values[name], 1 - decay)
        else:
            kept.copy_(values[name])


def accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the share of right answers in percent, each picture being asked both ways."""
    network.eval()
    with torch.inference_mode():
        n_right = 0
        for x, y in zip(images.split(500), labels.split(500), strict=True):
            chances = network(x).softmax(dim=1) + network(x.flip(3)).softmax(dim=1)
            n_right += int((chances.argmax(dim=1) == y).sum())
    network.train()
    return 100 * n_right / len(labels)


def main() -> None:
    """Train, and save after each epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--epochs-now", type=int, default=EPOCHS, help="stop after so many")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    splits = load_fashion_mnist()
    images, labels = splits.train.inputs / 255, splits.train.targets
    mean, spread = images.mean(), images.std()
    images = (images - mean) / spread
    valid_images = (splits.valid.inputs / 255 - mean) / spread
    valid_labels = splits.valid.targets

    torch.manual_seed(0)
    network = make_network(width=32, depth=2)
    average = copy.deepcopy(network)
    rates = one_cycle(PEAK, EPOCHS * math.ceil(len(images) / BATCH))
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=DECAY)
    state, first = arguments.file.with_suffix(".state"), 0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        first = saved["epoch"]
        network.load_state_dict(saved["network"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
    for epoch in range(first, min(EPOCHS, first + arguments.epochs_now)):
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(epoch))
        coins = torch.Generator().manual_seed(1000 + epoch)
        for number, places in enumerate(order.split(BATCH)):
            optimizer.param_groups[0]["lr"] = rates[epoch * math.ceil(len(images) / BATCH) + number]
            x, y = images[places], labels[places]
            coin = torch.rand(len(x), 1, 1, 1, generator=coins)
            x = torch.where(coin < 0.5, x.flip(3), x)
            loss = F.cross_entropy(network(x), y, label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            update(average, network, AVERAGE)
        values = {"network": network.state_dict(), "average": average.state_dict()}
        torch.save({"epoch": epoch + 1, "optimizer": optimizer.state_dict(), **values}, state)
        found = [accuracy(model, valid_images, valid_labels) for model in (network, average)]
        print(f"epoch {epoch + 1}: {found[0]:.2f} %, averaged {found[1]:.2f} %", flush=True)
    halves = {}
    for name, value in average.state_dict().items():
        halves[name] = value.half().contiguous() if value.is_floating_point() else value
    torch.save(halves, arguments.file)


if __name__ == "__main__":
    main()
