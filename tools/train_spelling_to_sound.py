"""Train two networks of chapter 16 with the chapter's recipe, for longer than a build can wait.

    python tools/train_spelling_to_sound.py attention attention.pt
    python tools/train_spelling_to_sound.py transformer transformer.pt
    python tools/train_spelling_to_sound.py join attention.pt transformer.pt spelling_to_sound.pt.xz

Each network goes over the training words four times, a word's first pronunciation being the right
one; five to eight minutes on one core each. Nothing here sees a test word. The last line puts the
weights, in half precision, into the file that `torchbook.models.spelling_to_sound_weights` loads.
Another machine or version rounds in another way, so it finds other weights, about as good.
"""

import argparse
import io
import lzma
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from torchbook.data import load_pronunciations
from torchbook.models.seq2seq import Transformer

PASSES, BATCH = 4, 64
RATES = {"attention": 0.004, "transformer": 0.003}
N_LETTERS, N_SOUNDS, BEGIN, END = 27, 42, 1, 2


class GRUWithAttention(nn.Module):
    """The chapter's encoder and decoder of GRUs, with attention."""

    def __init__(self, width: int = 184) -> None:
        super().__init__()
        self.source = nn.Embedding(N_LETTERS, width)
        self.target = nn.Embedding(N_SOUNDS, width)
        self.encoder = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.decoder = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(2 * width, N_SOUNDS)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states after each letter, [B, S, width], and the last ones, [1, B, width]."""
        lengths = (source > 0).sum(dim=1).cpu()
        packed = pack_padded_sequence(
            self.source(source), lengths, batch_first=True, enforce_sorted=False
        )
        states, last = self.encoder(packed)
        states, _ = pad_packed_sequence(states, batch_first=True)
        return states, torch.cat([last[0], last[1]], dim=1)[None]

    def decode(self, target: Tensor, memory: tuple[Tensor, Tensor], source: Tensor) -> Tensor:
        """Return logits of the sound after each of `target`, [B, T, sounds]."""
        states, last = memory
        asking, _ = self.decoder(self.target(target), last)
        scores = asking @ states.transpose(1, 2) / states.shape[2] ** 0.5
        real = (source != 0)[:, None]
        weights = scores.masked_fill(~real, -torch.inf).softmax(dim=-1)
        return self.head(torch.cat([asking, weights @ states], dim=2))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Return logits of the sound after each of `target`."""
        return self.decode(target, self.encode(source), source)


def make(kind: str) -> nn.Module:
    """Return a new network of the chapter's size."""
    if kind == "attention":
        return GRUWithAttention()
    return Transformer(N_LETTERS, N_SOUNDS, width=96, n_heads=4, n_layers=2, n_hidden=192)


def encode(
    words: list[str], spoken: list[list[str]], number_of: dict[str, int]
) -> tuple[Tensor, Tensor]:
    """Return letters [N, S] and sounds [N, T], filled up with 0."""
    letters = torch.zeros(len(words), max(map(len, words)), dtype=torch.long)
    sounds = torch.zeros(len(words), max(map(len, spoken)) + 2, dtype=torch.long)
    for i, (word, said) in enumerate(zip(words, spoken, strict=True)):
        letters[i, : len(word)] = torch.tensor([ord(letter) - 96 for letter in word])
        sounds[i, : len(said) + 2] = torch.tensor([BEGIN, *(number_of[s] for s in said), END])
    return letters, sounds


def batches(lengths: Tensor) -> list[Tensor]:
    """Return the rows of each batch: words of like length go together, or half is padding."""
    chosen = []
    for rows in torch.randperm(len(lengths)).split(50 * BATCH):
        chosen += list(rows[lengths[rows].argsort(stable=True)].split(BATCH))
    random.shuffle(chosen)
    return chosen


@torch.no_grad()
def errors(model: nn.Module, words: dict[str, list[list[str]]], number_of: dict[str, int]) -> float:
    """Return the share of words whose greedy pronunciation isn't in the dictionary, in percent."""
    model.eval()
    n_wrong = 0
    names = list(words)
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        letters, _ = encode(part, [words[w][0] for w in part], number_of)
        memory = model.encode(letters)
        sounds = torch.full((len(part), 1), BEGIN)
        for _ in range(18):
            best = model.decode(sounds, memory, letters)[:, -1:].argmax(dim=-1)
            sounds = torch.cat([sounds, best], dim=1)
        for word, row in zip(part, sounds[:, 1:].tolist(), strict=True):
            said = row[: row.index(END)] if END in row else row
            n_wrong += said not in [[number_of[s] for s in way] for way in words[word]]
    model.train()
    return 100 * n_wrong / len(names)


def train(kind: str, file: Path) -> None:
    """Train, saving after each pass."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    words, valid, _ = load_pronunciations()
    names = sorted({sound for ways in words.values() for way in ways for sound in way})
    number_of = {name: number for number, name in enumerate(names, start=3)}
    letters, sounds = encode(list(words), [ways[0] for ways in words.values()], number_of)
    lengths = (letters > 0).sum(dim=1)
    ends = (sounds > 0).sum(dim=1)
    model = make(kind)
    rate = RATES[kind]
    n_steps = PASSES * len(batches(lengths))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, n_steps, pct_start=0.1)
    began = time.process_time()
    for epoch in range(PASSES):
        for rows in batches(lengths):
            source = letters[rows, : lengths[rows].max()]
            target = sounds[rows, : ends[rows].max()]
            logits = model(source, target[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        torch.save(model.state_dict(), file)
        wrong = errors(model, valid, number_of)
        seconds = time.process_time() - began
        print(f"pass {epoch + 1}: {wrong:.2f} % of new words wrong, {seconds:.0f} s", flush=True)


def join(attention: Path, transformer: Path, file: Path) -> None:
    """Put both networks' weights into one file, in half precision."""
    both = {"attention": attention, "transformer": transformer}
    halves = {}
    for kind, path in both.items():
        weights = torch.load(path, weights_only=True)
        halves[kind] = {name: value.half() for name, value in weights.items()}
    content = io.BytesIO()
    torch.save(halves, content)
    file.write_bytes(lzma.compress(content.getvalue(), preset=9))


def main() -> None:
    """Train one network, or join the weights of two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=["attention", "transformer", "join"])
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.task == "join":
        join(*arguments.files)
    else:
        train(arguments.task, *arguments.files)


if __name__ == "__main__":
    main()
