"""Train chapter 22's two networks on Fashion-MNIST, for longer than a build can wait.

    python tools/train_generative_for_long.py FOLDER

writes fashion_mnist_flow.pt, the averaged weights of the network that draws pictures, and
fashion_mnist_judge.pt, those of the one that judges them, in half precision. `torchbook.models`
loads both. Ten minutes on one core. The run can be stopped: started again, it goes on from the
last thousand steps. Needs no test picture. Another machine or version rounds in another way, so it
finds other weights, about as good.
"""

import argparse
import copy
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchbook.data import load_fashion_mnist
from torchbook.models import SmallCNN

STEPS, BATCH, PEAK, AVERAGE = 8_000, 64, 0.003, 0.999
JUDGE_EPOCHS, JUDGE_BATCH, JUDGE_PEAK = 3, 128, 0.01
N_CLASSES, UNTOLD, SHARE_UNTOLD = 10, 10, 0.1


class Block(nn.Module):
    """Normalise, scale and shift by time and label, bend and convolve; add what came in."""

    def __init__(self, n: int, n_note: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, n)
        self.told = nn.Linear(n_note, 2 * n)
        self.first = nn.Conv2d(n, n, kernel_size=3, padding=1)
        self.second = nn.Conv2d(n, n, kernel_size=3, padding=1)
        nn.init.zeros_(self.second.weight)  # at first, a block changes nothing
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor, note: Tensor) -> Tensor:
        """Map [B, n, H, W] to the same shape."""
        heard = self.told(note)[:, :, None, None]
        scale, shift = heard.chunk(2, dim=1)
        y = self.first(F.silu(self.norm(x) * (1 + scale) + shift))
        return x + self.second(F.silu(y))


class Velocity(nn.Module):
    """The chapter's network: says where each pixel should go at a time, for a label."""

    def __init__(self, n_fine: int = 24, n_coarse: int = 64, n_note: int = 128) -> None:
        super().__init__()
        self.time = nn.Linear(64, n_note)
        self.label = nn.Embedding(N_CLASSES + 1, n_note)
        self.told = nn.Linear(n_note, n_note)
        self.enter = nn.Conv2d(4, n_fine, kernel_size=3, padding=1)
        self.fine_1 = Block(n_fine, n_note)
        self.down = nn.Conv2d(n_fine, n_coarse, kernel_size=2, stride=2)
        self.coarse_1 = Block(n_coarse, n_note)
        self.coarse_2 = Block(n_coarse, n_note)
        self.up = nn.ConvTranspose2d(n_coarse, n_fine, kernel_size=2, stride=2)
        self.fine_2 = Block(n_fine, n_note)
        self.leave = nn.Conv2d(n_fine, 4, kernel_size=3, padding=1)

    def write_note(self, t: Tensor, label: Tensor) -> Tensor:
        """Map times [B] and labels [B] to what the blocks are told, [B, n_note]."""
        angles = t[:, None] * torch.arange(1, 33, device=t.device) * (math.pi / 2)
        clock = torch.cat([angles.sin(), angles.cos()], dim=1)
        note = self.time(clock) + self.label(label)
        return F.silu(self.told(F.silu(note)))

    def forward(self, x: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """Map pictures [B, 1, 28, 28], times [B] and labels [B] to velocities [B, 1, 28, 28]."""
        note = self.write_note(t, label)
        x = self.fine_1(self.enter(F.pixel_unshuffle(x, 2)), note)
        y = self.coarse_2(self.coarse_1(self.down(x), note), note)
        x = self.fine_2(x + self.up(y), note)
        return F.pixel_shuffle(self.leave(x), 2)


def loss_of(network: nn.Module, pictures: Tensor, labels: Tensor) -> Tensor:
    """Return the mean square of what is missing from the velocities."""
    t = torch.rand(len(pictures))
    noise = torch.randn_like(pictures)
    times = t[:, None, None, None]
    x = (1 - times) * noise + times * pictures
    return F.mse_loss(network(x, t, labels), pictures - noise)


def update(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average a little towards the network, in place."""
    for kept, value in zip(average.parameters(), network.parameters(), strict=True):
        kept.data.lerp_(value.data, 1 - decay)


def train_flow(pictures: Tensor, labels: Tensor, state: Path) -> nn.Module:
    """Train the network that draws; return its averaged weights."""
    torch.manual_seed(0)
    network = Velocity().to(memory_format=torch.channels_last)
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK)
    first, start = 0, time.process_time()
    if state.exists():
        saved = torch.load(state, weights_only=True)
        first = saved["step"]
        network.load_state_dict(saved["network"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
    total = 0.0
    for step in range(first, STEPS):
        if step % 1000 == 0:
            torch.manual_seed(step)
        rise, fall = min(1, (step + 1) / 200), (1 + math.cos(math.pi * step / STEPS)) / 2
        optimizer.param_groups[0]["lr"] = PEAK * rise * fall
        chosen = torch.randint(len(pictures), (BATCH,))
        told = torch.where(torch.rand(BATCH) < SHARE_UNTOLD, UNTOLD, labels[chosen])
        loss = loss_of(network, pictures[chosen], told)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update(average, network, min(AVERAGE, (step + 1) / (step + 10)))
        total += loss.item()
        if (step + 1) % 1000 == 0:
            values = {"network": network.state_dict(), "average": average.state_dict()}
            torch.save({"step": step + 1, "optimizer": optimizer.state_dict(), **values}, state)
            seconds = time.process_time() - start
            print(f"step {step + 1}: loss {total / 1000:.4f}, {seconds:.0f} s", flush=True)
            total = 0.0
    return average


def train_judge(pictures: Tensor, labels: Tensor) -> nn.Module:
    """Train the network that judges."""
    torch.manual_seed(0)
    judge = SmallCNN(1, N_CLASSES, 28).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.parameters(), weight_decay=0.05)
    n_steps = JUDGE_EPOCHS * math.ceil(len(pictures) / JUDGE_BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, JUDGE_PEAK, n_steps)
    for _ in range(JUDGE_EPOCHS):
        for chosen in torch.randperm(len(pictures)).split(JUDGE_BATCH):
            loss = F.cross_entropy(judge(pictures[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return judge.eval()


def save(network: nn.Module, path: Path) -> None:
    """Write a network's weights in half precision."""
    halves = {}
    for name, value in network.state_dict().items():
        halves[name] = value.half().contiguous() if value.is_floating_point() else value
    torch.save(halves, path)


def main() -> None:
    """Train both, and save them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    splits = load_fashion_mnist()
    pictures, labels = splits.train.inputs / 127.5 - 1, splits.train.targets
    judge_path = folder / "fashion_mnist_judge.pt"
    if not judge_path.exists():
        judge = train_judge(pictures, labels)
        save(judge, judge_path)
        with torch.no_grad():
            answers = judge(splits.valid.inputs / 127.5 - 1).argmax(dim=1)
        right = (answers == splits.valid.targets).float().mean()
        print(f"the judge: {right:.2%} of the validation pictures", flush=True)
    flow = train_flow(pictures, labels, folder / "flow.state")
    save(flow, folder / "fashion_mnist_flow.pt")


if __name__ == "__main__":
    main()
