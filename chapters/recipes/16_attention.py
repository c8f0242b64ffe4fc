"""Learn from pairs.txt (source, tab, target on each line) with a transformer; save it, ask it."""

from datetime import date, timedelta
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
torch.backends.mha.set_fastpath_enabled(False)  # it warns that it is a prototype
lines = Path("pairs.txt").read_text("utf-8").splitlines() if Path("pairs.txt").exists() else []
if not lines:  # then learn to write dates: from "2 0 1 1 - 1 1 - 3 0" to "30 November 2011"
    days = [date(1980, 1, 1) + timedelta(days=n) for n in range(12_000)]
    lines = [" ".join(day.isoformat()) + "\t" + day.strftime("%d %B %Y") for day in days]
pairs = [lines[i].split("\t") for i in torch.randperm(len(lines)).tolist()]
test, train = pairs[: len(pairs) // 10], pairs[len(pairs) // 10 :]
names = [["", "<", ">", "?", *sorted({w for p in train for w in p[i].split()})] for i in (0, 1)]
n_places = max(len(text.split()) for pair in pairs for text in pair) + 2


def encode(texts, names):  # [N, T], filled up with 0
    ids = {name: number for number, name in enumerate(names)}
    rows = [[1, *(ids.get(word, 3) for word in text.split()), 2] for text in texts]
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


class Seq2Seq(nn.Module):
    def __init__(self, n_source, n_target, n_places, width=96):
        super().__init__()
        self.source, self.target = nn.Embedding(n_source, width), nn.Embedding(n_target, width)
        self.places = nn.Embedding(n_places, width)
        self.core = nn.Transformer(width, 4, 2, 2, 192, batch_first=True)  # 4 heads, 2 + 2 layers
        self.head = nn.Linear(width, n_target)

    def forward(self, source, target):  # [B, S] and [B, T] -> [B, T, n_target]
        n, empty, places = target.shape[1], source == 0, self.places.weight
        x, y = self.source(source) + places[: source.shape[1]], self.target(target) + places[:n]
        masks = {"src_key_padding_mask": empty, "memory_key_padding_mask": empty}
        future = torch.ones(n, n, dtype=torch.bool).triu(1)  # True: don't look
        return self.head(self.core(x, y, tgt_mask=future, **masks))


@torch.no_grad()
def answer(model, texts, names):
    source, written = encode(texts, names[0]), torch.ones(len(texts), 1, dtype=torch.long)
    while written.shape[1] < len(model.places.weight) and not (written == 2).any(dim=1).all():
        written = torch.cat([written, model.eval()(source, written)[:, -1:].argmax(dim=2)], dim=1)
    rows = [row[1 : row.index(2) if 2 in row else None] for row in written.tolist()]
    return [" ".join(names[1][number] for number in row) for row in rows]


source, target = (encode([pair[i] for pair in train], names[i]) for i in (0, 1))
model = Seq2Seq(len(names[0]), len(names[1]), n_places)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.001)
for chosen in torch.randperm(len(train)).split(32) + torch.randperm(len(train)).split(32):
    logits = model.train()(source[chosen], target[chosen, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), target[chosen, 1:].flatten(), ignore_index=0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
torch.save([names, n_places, model.state_dict()], "seq2seq.pt")
names, n_places, weights = torch.load("seq2seq.pt", weights_only=True)
loaded = Seq2Seq(len(names[0]), len(names[1]), n_places)
loaded.load_state_dict(weights)
said = answer(loaded, [pair[0] for pair in test], names)
n_right = sum(said[i] == test[i][1] for i in range(len(test)))
print(f"{n_right} of {len(test)} new ones right, such as {test[0][0]}: {said[0]}")
