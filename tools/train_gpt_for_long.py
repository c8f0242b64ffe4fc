"""Train the modern GPT of chapter 17 on eight plays, for longer than a build can wait.

    python tools/train_gpt_for_long.py shakespeare_gpt.pt

writes the weights that `torchbook.models.shakespeare_gpt` loads, in half precision. Four minutes on
one core. The run can be stopped: started again, it goes on from its last checkpoint, which it
writes every 100 steps. It learns from the first eight plays, and measures on another. Another
machine or version rounds in another way, so it finds other weights, about as good.
"""

import argparse
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from torchbook.data import load_shakespeare
from torchbook.models.gpt import GPT
from torchbook.models.trained import SHAKESPEARE_LETTERS, new_shakespeare_gpt

TRAIN, VALID = 8, "The Taming of the Shrew"  # the first eight plays
STEPS, BATCH, CONTEXT = 600, 32, 128
MUON_RATE, ADAM_RATE, WARM_UP = 0.02, 0.003, 20
HALF_WAY, SHARE_THERE = 300, 5 / 6  # until then rates fall slowly, afterwards fast, to 0


def encode(text: str) -> Tensor:
    """Return the place of each letter in the alphabet."""
    return torch.tensor([SHAKESPEARE_LETTERS.index(letter) for letter in text])


@torch.no_grad()
def loss_on(model: GPT, text: Tensor) -> float:
    """Return the mean loss in nats per letter; each row of the text begins without a past."""
    n = (len(text) - 1) // CONTEXT * CONTEXT
    seen, following = text[:n].view(-1, CONTEXT), text[1 : n + 1].view(-1, CONTEXT)
    losses = [
        F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum")
        for x, y in zip(seen.split(64), following.split(64), strict=True)
    ]
    return torch.stack(losses).sum().item() / n


def make_optimizers(model: GPT) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the blocks, and AdamW for everything else."""
    matrices, others = [], []
    for name, weight in model.named_parameters():
        (matrices if name.startswith("blocks") and weight.ndim == 2 else others).append(weight)
    return [
        torch.optim.Muon(matrices, lr=MUON_RATE, weight_decay=0.01),
        torch.optim.AdamW(others, lr=ADAM_RATE, weight_decay=0.0),
    ]


def main() -> None:
    """Train, and save the weights at the end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--steps-now", type=int, default=STEPS, help="stop after so many")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    plays = load_shakespeare()
    train = encode("\n".join(list(plays.values())[:TRAIN]))
    valid = encode(plays[VALID])

    torch.manual_seed(0)
    model = new_shakespeare_gpt()
    optimizers = make_optimizers(model)
    state, first, used = arguments.file.with_suffix(".state"), 0, 0.0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        first, used = saved["step"], saved["seconds"]
        model.load_state_dict(saved["model"])
        for optimizer, values in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(values)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    peaks = [MUON_RATE, ADAM_RATE]
    started = time.process_time()
    for step in range(first, min(STEPS, first + arguments.steps_now)):
        slow = 1 - (1 - SHARE_THERE) * step / HALF_WAY
        fast = SHARE_THERE * (STEPS - step) / (STEPS - HALF_WAY)
        share = min((step + 1) / WARM_UP, slow, fast)
        for group, peak in zip(groups, peaks, strict=True):
            group["lr"] = peak * share
        generator = torch.Generator().manual_seed(step)
        starts = torch.randint(len(train) - CONTEXT, (BATCH, 1), generator=generator)
        rows = train[starts + torch.arange(CONTEXT + 1)]
        loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        if (step + 1) % 100 == 0 or step + 1 == STEPS:
            now = used + time.process_time() - started
            print(f"step {step + 1}: {loss.item():.3f}, {now:.0f} s of CPU time", flush=True)
            values = [optimizer.state_dict() for optimizer in optimizers]
            saved = {"step": step + 1, "seconds": now, "optimizers": values}
            torch.save({**saved, "model": model.state_dict()}, state)
    print(f"{VALID}: {loss_on(model, valid):.4f} nats per letter")
    torch.save({name: weight.half() for name, weight in model.state_dict().items()}, arguments.file)


if __name__ == "__main__":
    main()
