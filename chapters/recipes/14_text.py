"""Train a spam filter on a CSV file of labels and texts, save it, ask it about one message."""

import csv
import random
import re
from collections import Counter
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

FILE = Path("messages.csv")  # "label,text", then a message a line, oldest first: 1 for spam or 0
if not FILE.exists():  # made-up messages, so that this runs; with a file of your own, skip these
    dice, lines = random.Random(0), ["label,text"]
    parts = ["see you", "did it work", "my bug", "free money", "click here"]
    for label in [0, 1] * 500:
        words = dice.choices(parts, [1, 1, 1, 4, 4] if label else [9, 9, 9, 1, 1], k=4)
        lines.append(f"{label},{' '.join(words)}")
    FILE.write_text("\n".join(lines), encoding="utf-8")


def words_of(text):
    return list(dict.fromkeys(re.findall(r"\w+|[^\w\s]", text.lower())))


def numbers_of(texts, vocabulary):  # [N, L], filled up with 0; 1 is for unknown words
    rows = [[vocabulary.get(word, 1) for word in words_of(text)] for text in texts]
    rows = [torch.tensor(row, dtype=torch.int64) for row in rows]  # an empty one, too
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)


def make_filter(n_words):  # the mean of a message's words, then one layer
    bag = nn.EmbeddingBag(n_words, 32, mode="mean", padding_idx=0)
    return nn.Sequential(bag, nn.Linear(32, 1), nn.Flatten(0))  # [N, L] -> [N]: high means spam


with FILE.open(newline="", encoding="utf-8-sig") as file:
    messages = list(csv.DictReader(file))
texts = [message["text"] for message in messages]
labels = torch.tensor([float(message["label"]) for message in messages])
end, late = int(0.7 * len(texts)), int(0.85 * len(texts))  # train, choose up to here; then test
counts = Counter(word for text in texts[:end] for word in words_of(text))
known = [word for word, n in counts.most_common() if n >= 2]
vocabulary = {word: number for number, word in enumerate(known, start=2)}
torch.manual_seed(0)
model = make_filter(len(vocabulary) + 2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(10):  # epochs
    for batch in torch.randperm(end).split(64):
        logits = model(numbers_of([texts[i] for i in batch.tolist()], vocabulary))
        loss = F.binary_cross_entropy_with_logits(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
scores, spam = model(numbers_of(texts[end:], vocabulary)).detach(), labels[end:] == 1
valid, test = slice(0, late - end), slice(late - end, None)
wanted = scores[valid][~spam[valid]].sort(descending=True).values
threshold = max(0.0, wanted[len(wanted) // 200].item())  # at most one wanted one in 200 is lost
for limit in [torch.inf, 0.0, threshold]:  # nothing is above infinity: this one flags nothing
    flagged, truth = scores[test] > limit, spam[test]
    right, caught = (flagged == truth).float().mean(), flagged[truth].float().mean()
    lost = flagged[~truth].sum()
    print(f"above {limit:3.1f}: {right:.1%} right, {caught:.1%} of spam caught, {lost} lost")
torch.save({"words": vocabulary, "limit": threshold, "weights": model.state_dict()}, "filter.pt")
saved = torch.load("filter.pt", weights_only=True)
loaded = make_filter(len(saved["words"]) + 2)
loaded.load_state_dict(saved["weights"])
score = loaded(numbers_of(["Click here for free money!"], saved["words"])).item()
print(f"score {score:.1f}:", "spam" if score > saved["limit"] else "wanted")
