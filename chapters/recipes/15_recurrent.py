"""Learn names letter by letter with a GRU, save it, load it, let it invent new ones."""

import builtins
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
path = Path("names.txt")  # a name on each line
lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
if not lines:  # then take the names of PyTorch's and Python's functions
    for module in (torch, torch.Tensor, nn.functional, builtins, str, list, Path):
        lines += [name for name in dir(module) if name[0] != "_" and len(name) <= 24]
names = sorted({line.strip().lower() for line in lines if line.strip()})
letters = "\n" + "".join(sorted(set("".join(names))))  # a line break begins and ends each name


def encode(names):  # [N, T], filled up with -1
    ids = [torch.tensor([letters.index(c) for c in f"\n{name}\n"]) for name in names]
    return nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=-1)


class Writer(nn.Module):
    def __init__(self, n_letters, n_units=96):
        super().__init__()
        self.embedding = nn.Embedding(n_letters, 32)
        self.gru = nn.GRU(32, n_units, batch_first=True)
        self.head = nn.Linear(n_units, n_letters)

    def forward(self, ids, state=None):  # [B, T] -> [B, T, letters]
        states, last = self.gru(self.embedding(ids), state)
        return self.head(states), last


def loss_of(model, rows):
    logits, _ = model(rows[:, :-1].clamp(min=0))
    return F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=-1)


rows = encode(names)[torch.randperm(len(names))]
valid, train = rows[: len(rows) // 10], rows[len(rows) // 10 :]
model = Writer(len(letters))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.005)
best = float("inf")
for epoch in range(1, 13):
    for chosen in torch.randperm(len(train)).split(64):
        loss = loss_of(model, train[chosen])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        valid_loss = loss_of(model, valid).item()
    print(f"epoch {epoch:2}: new names {valid_loss:.3f} nats per letter")
    if valid_loss < best:  # keep the best
        best = valid_loss
        torch.save({"letters": letters, "weights": model.state_dict()}, "writer.pt")
saved = torch.load("writer.pt", weights_only=True)
letters, writer = saved["letters"], Writer(len(saved["letters"]))
writer.load_state_dict(saved["weights"])
for _ in range(5):
    text, state = "\n", None
    while len(text) < 25 and (len(text) == 1 or text[-1] != "\n"):
        with torch.no_grad():
            logits, state = writer(torch.tensor([[letters.index(text[-1])]]), state)
        text += letters[torch.multinomial(logits[0, -1].softmax(dim=0), 1).item()]
    print(text.strip(), "(in the list)" if text.strip() in names else "")
