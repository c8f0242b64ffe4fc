"""Fashion-MNIST to 94 % in ten seconds on one GPU, compiling included: a goal to try for.

    python benchmarks/fashion_94.py            # on a GPU
    python benchmarks/fashion_94.py --steps 3 --width 8 --pictures 512 --no-compile   # does it run?

It needs PyTorch and torchvision and nothing else. It trains once, with a validation split of 5,000
pictures, and writes what it measured, with the device's name, to a JSON file. The clock starts
before the model is made and stops when the last step has finished: compiling counts, reading the
files doesn't. The test pictures are asked once, at the end, and decide nothing.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.datasets import FashionMNIST

GOAL = {"validation": 94.0, "seconds": 10.0}


def conv_block(n_in: int, n_out: int, pool: bool) -> nn.Sequential:
    """Convolution, pooling, normalisation, GELU."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel_size=3, padding=1, bias=False),
        nn.MaxPool2d(2) if pool else nn.Identity(),
        nn.BatchNorm2d(n_out),
        nn.GELU(),
    )


class Residual(nn.Module):
    """Two blocks, added to what went in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            conv_block(width, width, pool=False), conv_block(width, width, pool=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, width, H, W] to the same shape."""
        return x + self.blocks(x)


def make_model(width: int) -> nn.Sequential:
    """A small residual network, from [B, 1, 28, 28] to logits [B, 10]."""
    return nn.Sequential(
        conv_block(1, width, pool=False),
        conv_block(width, 2 * width, pool=True),
        Residual(2 * width),
        conv_block(2 * width, 4 * width, pool=True),
        Residual(4 * width),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * width, 10),
    )


def change(images: Tensor) -> Tensor:
    """Mirror a random half, and move each batch by up to two pixels."""
    coin = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    images = torch.where(coin, images.flip(3), images)
    down, right = torch.randint(-2, 3, (2,)).tolist()  # drawn on the CPU: nobody waits
    return F.pad(images, (2, 2, 2, 2))[:, :, 2 + down : 30 + down, 2 + right : 30 + right]


def prepare(images: Tensor) -> Tensor:
    """Bytes to floats with mean 0 and standard deviation 1, roughly."""
    return (images.float() / 255 - 0.286) / 0.353


def percent_right(
    model: nn.Module, images: Tensor, labels: Tensor, dtype: torch.dtype | None
) -> float:
    """The share of right answers, asked for each picture and its mirror image."""
    model.eval()
    n_right = torch.zeros((), device=images.device)
    with torch.inference_mode(), autocast(images.device, dtype):
        for some, right in zip(images.split(1000), labels.split(1000), strict=True):
            x = prepare(some)
            n_right += ((model(x) + model(x.flip(3))).argmax(dim=1) == right).sum()
    return 100 * n_right.item() / len(images)


def autocast(device: torch.device, dtype: torch.dtype | None) -> torch.autocast:
    """Mixed precision, or none."""
    return torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)


def synchronize() -> None:
    """Wait for the accelerator, if there is one."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def device_name(device: torch.device) -> str:
    """What the device is called."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine() if device.type == "cpu" else str(device)


def main() -> None:
    """Train once, and write down how long it took and how well it went."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--max-lr", type=float, default=0.01)
    parser.add_argument("--pictures", type=int, default=55_000, help="to train on")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("fashion_94.json"))
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    torch.set_float32_matmul_precision("high")
    has_accelerator = torch.accelerator.is_available()
    device = torch.accelerator.current_accelerator() if has_accelerator else None
    device = device or torch.device("cpu")
    dtype = None
    if device.type == "cuda":  # float16 would need its gradients scaled
        has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        dtype = torch.bfloat16 if has_bfloat16 else None
    published = FashionMNIST(str(options.data), train=True, download=True)
    images, labels = published.data.unsqueeze(1).to(device), published.targets.to(device)
    mixed = torch.randperm(60_000, device=device)
    train, valid = mixed[5_000 : 5_000 + options.pictures], mixed[:5_000]
    synchronize()

    start = time.perf_counter()
    network = make_model(options.width).to(device, memory_format=torch.channels_last)
    model = network if options.no_compile else torch.compile(network)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.max_lr, options.steps, pct_start=0.2
    )
    step = 0
    while step < options.steps:
        shuffled = train[torch.randperm(len(train), device=device)]
        for places in shuffled.split(options.batch_size):
            if len(places) < options.batch_size and len(train) >= options.batch_size:
                continue  # one size only, so that it's compiled once
            with autocast(device, dtype):
                logits = model(prepare(change(images[places])))
                loss = F.cross_entropy(logits, labels[places], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
            step += 1
            if step == options.steps:
                break
    synchronize()
    seconds = time.perf_counter() - start

    validation = percent_right(network, images[valid], labels[valid], dtype)
    test = FashionMNIST(str(options.data), train=False, download=True)
    unseen, truth = test.data.unsqueeze(1).to(device), test.targets.to(device)
    result = {
        "device": device_name(device),
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "options": {name: str(value) for name, value in vars(options).items()},
        "seconds": round(seconds, 2),
        "validation": round(validation, 2),
        "test": round(percent_right(network, unseen, truth, dtype), 2),
        "reached": validation >= GOAL["validation"] and seconds <= GOAL["seconds"],
    }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
