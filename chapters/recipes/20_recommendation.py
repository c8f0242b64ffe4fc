"""Learn from who likes what to recommend to people whom the model has never met."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
path = Path("likes.csv")  # lines of person,item; those who came first, first
if path.exists():
    lines = [line.split(",", 1) for line in path.read_text(encoding="utf-8").split("\n") if line]
else:  # a made-up world: items of 5 kinds, some popular; each person likes two of the kinds
    popular = torch.rand(300) ** 4 + 0.02
    lines = []
    for person in range(600):
        likes_kind = torch.isin(torch.arange(300) % 5, torch.randperm(5)[:2])
        drawn = torch.multinomial(popular * (1 + 9 * likes_kind), 24)  # ten times as likely
        lines += [(f"person {person}", f"item {i} of kind {i % 5}") for i in drawn.tolist()]
people = {name: i for i, name in enumerate(dict.fromkeys(person for person, _ in lines))}
items = {name: i for i, name in enumerate(dict.fromkeys(item for _, item in lines))}
likes = torch.zeros(len(people), len(items), dtype=torch.bool)  # a row for each person
for person, item in lines:
    likes[people[person], items[item]] = True
learn, new = likes[: len(likes) * 4 // 5], likes[len(likes) * 4 // 5 :]  # who came later
shown = new & (torch.rand(new.shape) < 0.5)  # half to show, half to hide
hidden = new & ~shown
log_share = (learn.sum(dim=0) / learn.sum()).clamp(min=1e-9).log()


class Towers(nn.Module):
    def __init__(self, n_items, n_numbers=32):
        super().__init__()
        self.vectors = nn.Parameter(0.1 * torch.randn(n_items, n_numbers))
        self.bias = nn.Parameter(torch.zeros(n_items))

    def forward(self, liked, chosen):  # [B, n_items] of 0 and 1, and [F]
        mean = liked @ self.vectors / liked.sum(dim=1, keepdim=True).clamp(min=1)  # [B, 32]
        return mean @ self.vectors[chosen].T + self.bias[chosen]  # [B, F]


def recall_at(k, scores, shown, hidden):
    best = scores.masked_fill(shown, float("-inf")).topk(k, dim=1).indices
    n_found = torch.stack([row[i].sum() for row, i in zip(hidden, best, strict=True)])
    return (n_found / hidden.sum(dim=1).clamp(max=k)).nanmean()  # unless nothing is hidden


model = Towers(len(items))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
pairs = learn.nonzero()  # [likes, 2]: a person and an item
for _ in range(10):
    for batch in pairs[torch.randperm(len(pairs))].split(256):
        item = batch[:, 1]
        liked = learn[batch[:, 0]].float()
        liked[torch.arange(len(batch)), item] = 0  # without the one to be guessed
        scores = model(liked, item) - log_share[item]  # [B, B]: the batch's items, corrected
        same = (item[:, None] == item[None, :]).fill_diagonal_(False)  # is no wrong answer
        loss = F.cross_entropy(scores.masked_fill(same, float("-inf")), torch.arange(len(item)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
torch.save({"items": list(items), "weights": model.state_dict()}, "towers.pt")
saved = torch.load("towers.pt", weights_only=True)
model.load_state_dict(saved["weights"])
scores = model(shown.float(), torch.arange(len(items))).detach()
print(f"most popular: recall@20 {recall_at(20, log_share.expand(shown.shape), shown, hidden):.1%}")
print(f"two towers:   recall@20 {recall_at(20, scores, shown, hidden):.1%}")
print("somebody likes", [saved["items"][i] for i in shown[0].nonzero()[:5, 0]])
best = scores[0].masked_fill(shown[0], float("-inf")).topk(5)
print("recommended:  ", [saved["items"][i] for i in best.indices])
