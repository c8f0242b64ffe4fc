"""Train a small GPT on a text, letter by letter; save it, load it, let it go on from your words."""

from pathlib import Path
from pydoc_data.topics import topics

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
path = Path("text.txt")  # a text of yours, 100,000 letters or more; or Python's own reference
text = path.read_text("utf-8") if path.exists() else " ".join(" ".join(topics.values()).split())
letters = sorted(set(text))
ids = torch.tensor([letters.index(letter) for letter in text])
valid, train = ids[: len(ids) // 10], ids[len(ids) // 10 :]
CONTEXT, WIDTH, HEADS, STEPS, BEGINNING = 64, 64, 4, 700, "You can "  # all yours to change


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):  # [B, T, D]
        q, k, v = self.qkv(self.norm_1(x)).unflatten(2, (3 * HEADS, -1)).transpose(1, 2).chunk(3, 1)
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(found.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm_2(x))))


class GPT(nn.Module):
    def __init__(self, n_letters):
        super().__init__()
        self.tokens, self.places = nn.Embedding(n_letters, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        nn.init.normal_(self.tokens.weight, std=0.02)  # tables begin small, as in GPT-2; for the
        nn.init.normal_(self.places.weight, std=0.02)  # matrices, PyTorch's own beginning will do
        self.blocks = nn.Sequential(Block(), Block(), Block())
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, n_letters, bias=False)

    def forward(self, ids):  # [B, T] -> [B, T, letters]
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        return self.head(self.norm(self.blocks(x)))

    def loss(self, ids, starts):  # [B, 1], where each row begins
        rows = ids[starts + torch.arange(CONTEXT + 1)]
        return F.cross_entropy(self(rows[:, :-1]).transpose(1, 2), rows[:, 1:])


model = GPT(len(letters))
optimizer = torch.optim.AdamW(model.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, STEPS, pct_start=0.05)
for _ in range(STEPS):
    optimizer.zero_grad()
    model.loss(train, torch.randint(len(train) - CONTEXT, (16, 1))).backward()
    optimizer.step()
    schedule.step()
torch.save({"letters": letters, "weights": model.state_dict()}, "gpt.pt")
saved = torch.load("gpt.pt", weights_only=True)
letters, writer = saved["letters"], GPT(len(saved["letters"]))
writer.load_state_dict(saved["weights"])
ids = torch.tensor([[letters.index(letter) for letter in BEGINNING if letter in letters]])
with torch.no_grad():
    for _ in range(300):
        shares = (writer(ids[:, -CONTEXT:])[:, -1] / 0.8).softmax(dim=1)  # temperature 0.8
        ids = torch.cat([ids, torch.multinomial(shares, 1)], dim=1)
    loss = writer.loss(valid, torch.arange(0, len(valid) - CONTEXT, 8 * CONTEXT)[:, None])
print("".join(letters[i] for i in ids[0]), f"\n({loss:.3f} nats per letter of the first tenth)")
