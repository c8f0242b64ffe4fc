"""A GPT of about 0.8 million parameters on Shakespeare, in about 150 seconds on one thread.

    python benchmarks/shakespeare.py                # both recipes, one after the other
    python benchmarks/shakespeare.py ours --steps 3 # does it run?

Two recipes on the same eight plays, measured on a ninth. "theirs" is our own implementation of the
settings that nanoGPT's readme (https://github.com/karpathy/nanoGPT) gives for a computer without a
GPU: 4 blocks of 128, 4 heads, 64 letters of context, 12 rows, 2,000 steps, no dropout; AdamW with
nanoGPT's rates, decay, clipping and first weights. "ours" changes what chapter 17 changes: RoPE,
QK norm, ReLU², Muon; a line down to 0 for the rates; 128 letters of context. It belongs to chapter
17; each result is added to a JSON file in benchmarks/results/. The clock is the CPU time of one
thread, without measuring the loss. Nothing is decided by the last two plays.
"""

import argparse
import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import report
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchbook.data import load_shakespeare
from torchbook.models import GPT

N_TRAIN, VALID = 8, "The Taming of the Shrew"
STEPS = {"theirs": 2000, "ours": 580}
ROWS = {"theirs": 12, "ours": 16}
CONTEXT = {"theirs": 64, "ours": 128}


def make_theirs(n_letters: int) -> GPT:
    """Return GPT-2's network as nanoGPT makes it: no biases, one table for letters and head."""
    model = GPT(n_letters, CONTEXT["theirs"])
    model.head.weight = model.tokens.weight
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.LayerNorm):
            module.register_parameter("bias", None)
        if isinstance(module, nn.Linear | nn.Embedding):
            last = name.endswith(("out", "down"))
            std = 0.02 / math.sqrt(2 * len(model.blocks)) if last else 0.02
            nn.init.normal_(module.weight, std=std)
    return model


def make_ours(n_letters: int) -> GPT:
    """Return the network with all changes."""
    return GPT(n_letters, CONTEXT["ours"], rope=True, qk_norm=True, relu2=True)


def optimizers_of(recipe: str, model: GPT) -> list[torch.optim.Optimizer]:
    """Return the optimisers of a recipe."""
    named = list(model.named_parameters())
    if recipe == "theirs":
        groups = [
            {"params": [w for _, w in named if w.ndim == 2], "weight_decay": 0.1},
            {"params": [w for _, w in named if w.ndim < 2], "weight_decay": 0.0},
        ]
        return [torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))]
    matrices = [w for name, w in named if name.startswith("blocks") and w.ndim == 2]
    others = [w for name, w in named if not (name.startswith("blocks") and w.ndim == 2)]
    return [
        torch.optim.Muon(matrices, lr=0.02, weight_decay=0.0),
        torch.optim.AdamW(others, lr=0.012, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def share_of_rate(recipe: str, step: int, n_steps: int) -> float:
    """Return the share of the peak rate at a step."""
    if recipe == "ours":
        return min((step + 1) / 20, 1 - step / n_steps)
    if step < 100:
        return step / 100
    down = (step - 100) / max(1, n_steps - 100)
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * down))


@torch.no_grad()
def loss_on(model: GPT, text: Tensor, context: int) -> float:
    """Return the mean loss in nats per letter; each row of the text begins without a past."""
    n = (len(text) - 1) // context * context
    seen, following = text[:n].view(-1, context), text[1 : n + 1].view(-1, context)
    losses = [
        F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum")
        for x, y in zip(seen.split(64), following.split(64), strict=True)
    ]
    return torch.stack(losses).sum().item() / n


def measure(recipe: str, n_steps: int, seed: int = 0) -> dict[str, Any]:
    """Train once by a recipe; return what came of it and what it took."""
    plays = load_shakespeare()
    letters = sorted(set("".join(plays.values())))
    number_of = {letter: number for number, letter in enumerate(letters)}
    train_text = "\n".join(list(plays.values())[:N_TRAIN])
    train = torch.tensor([number_of[letter] for letter in train_text])
    valid = torch.tensor([number_of[letter] for letter in plays[VALID]])

    torch.manual_seed(seed)
    model = (make_theirs if recipe == "theirs" else make_ours)(len(letters))
    optimizers = optimizers_of(recipe, model)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    peaks = [group["lr"] for group in groups]
    context = CONTEXT[recipe]
    started = time.process_time()
    for step in range(n_steps):
        for group, peak in zip(groups, peaks, strict=True):
            group["lr"] = peak * share_of_rate(recipe, step, n_steps)
        rows = train[
            torch.randint(len(train) - context, (ROWS[recipe], 1)) + torch.arange(context + 1)
        ]
        loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        if recipe == "theirs":
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
    seconds = time.process_time() - started
    return {
        "recipe": recipe,
        "seed": seed,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "steps": n_steps,
        "letters": n_steps * ROWS[recipe] * context,
        "cpu_seconds": round(seconds, 1),
        "context": context,
        "loss": round(loss_on(model, valid, context), 4),
        "loss_context_64": round(loss_on(model, valid, 64), 4),
    }


def main() -> None:
    """Train by the recipes, and add the results to the file of the day."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", nargs="?", default="both", choices=["both", *STEPS])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    date = datetime.now(UTC).isoformat(timespec="seconds")
    path = arguments.out or report.RESULTS / f"{date[:10]}_cpu_shakespeare.json"
    content: dict[str, Any] = {
        "benchmark": "shakespeare",
        "date": date,
        "cpu": report.processor(),
        "threads": 1,
        "torch": torch.__version__,
        "runs": [],
    }
    for recipe in STEPS if arguments.recipe == "both" else [arguments.recipe]:
        run = measure(recipe, arguments.steps or STEPS[recipe], arguments.seed)
        print(json.dumps(run))
        if path.exists():
            content["runs"] = json.loads(path.read_text(encoding="utf-8"))["runs"]
        content["runs"].append(run)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
