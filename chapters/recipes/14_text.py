"""Train a spam filter on a CSV file of labels and texts, save it, ask it about one message."""

import csv
import random
import re
from collections import Counter
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

FILE = Path("messages.csv")  # a message a line: 1 for spam or 0, and its text; the oldest first
if not FILE.exists():  # make one up
    dice, rows = random.Random(0), []
    own = ["see you|the meeting|did it work|my patch", "free money|click here|act now|you have won"]
    for _ in range(600):
        spam = dice.randrange(2)
        words = [dice.choice(own[spam].split("|")), *dice.sample(["today", "please", "for you"], 2)]
        rows.append([spam, " ".join(dice.sample(words, 3))])
    with FILE.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def words_of(text):
    return list(dict.fromkeys(re.findall(r"\w+|[^\w\s]", text.lower())))


def numbers_of(texts):  # [N, L], filled up with 0
    rows = [torch.tensor([vocabulary.get(w, 1) for w in words_of(t)] or [1]) for t in texts]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)


class Filter(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.embed = nn.EmbeddingBag(n_words, width, mode="mean", padding_idx=0)
        self.decide = nn.Linear(width, 1)

    def forward(self, numbers):  # [N, L] -> [N]: above 0 means spam
        return self.decide(self.embed(numbers))[:, 0]


with FILE.open(newline="", encoding="utf-8") as file:
    rows = [(float(label), text) for label, text in csv.reader(file)]
cut = int(0.8 * len(rows))  # the newest fifth is for validation
labels, texts = torch.tensor([label for label, _ in rows]), [text for _, text in rows]
counts = Counter(word for text in texts[:cut] for word in words_of(text))
known = [word for word, n in counts.most_common() if n >= 2]
vocabulary = {word: number for number, word in enumerate(known, start=2)}  # 1 is for unknown words

torch.manual_seed(0)
model = Filter(len(vocabulary) + 2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(1, 11):
    for batch in torch.randperm(cut).split(64):
        logits = model(numbers_of([texts[i] for i in batch]))
        loss = F.binary_cross_entropy_with_logits(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        flagged = model(numbers_of(texts[cut:])) > 0
    right = (flagged == labels[cut:].bool()).float().mean()
    print(f"epoch {epoch:2}: loss {loss:.3f}, {right:.1%} of the newest messages right")

torch.save({"vocabulary": vocabulary, "weights": model.state_dict()}, "filter.pt")
saved = torch.load("filter.pt", weights_only=True)
vocabulary, loaded = saved["vocabulary"], Filter(len(saved["vocabulary"]) + 2)
loaded.load_state_dict(saved["weights"])
with torch.no_grad():
    chance = loaded(numbers_of(["Click here today, please!"])).sigmoid().item()
print(f"spam with probability {chance:.2f}")
