"""Train a small GPT on a text, letter by letter; save it, load it, let it go on."""

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
valid, train = ids.tensor_split([len(ids) // 10])
CONTEXT, WIDTH, HEADS, STEPS, PEAK = 64, 64, 4, 700, 0.005


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):  # [B, T, D]
        parts = self.qkv(self.norm_1(x)).chunk(3, dim=2)
        q, k, v = [part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in parts]
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + self.out(found.flatten(2))
        return x + self.down(F.gelu(self.up(self.norm_2(x))))


class GPT(nn.Module):
    def __init__(self, n_letters):
        super().__init__()
        self.tokens, self.places = nn.Embedding(n_letters, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(Block(), Block(), Block())
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, n_letters, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.02)  # small, as in GPT-2
        nn.init.normal_(self.places.weight, std=0.02)

    def forward(self, ids):  # [B, T] -> [B, T, letters]
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def loss_on(model, ids, starts):  # starts [B, 1]
    rows = ids[starts + torch.arange(CONTEXT + 1)]
    return F.cross_entropy(model(rows[:, :-1]).transpose(1, 2), rows[:, 1:])


model = GPT(len(letters))
optimizer = torch.optim.AdamW(model.parameters())
for step in range(STEPS):  # a few thousand make it better
    optimizer.param_groups[0]["lr"] = PEAK * min((step + 1) / 50, 1 - step / STEPS)
    optimizer.zero_grad()
    loss_on(model, train, torch.randint(len(train) - CONTEXT, (16, 1))).backward()
    optimizer.step()
torch.save({"letters": letters, "weights": model.state_dict()}, "gpt.pt")
saved = torch.load("gpt.pt", weights_only=True)
writer, ids = GPT(len(saved["letters"])), valid[None, :20]  # a beginning that it hasn't seen
writer.load_state_dict(saved["weights"])
with torch.no_grad():
    loss = loss_on(writer, valid, torch.arange(0, len(valid) - CONTEXT, 8 * CONTEXT)[:, None])
    for _ in range(300):
        shares = (writer(ids[:, -CONTEXT:])[:, -1] / 0.8).softmax(dim=1)  # temperature 0.8
        ids = torch.cat([ids, torch.multinomial(shares, 1)], dim=1)
print("".join(saved["letters"][i] for i in ids[0].tolist()), f"\n({loss:.3f} nats per new letter)")
