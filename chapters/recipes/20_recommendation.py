"""Learn from who likes what to recommend to people whom the model has never met."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for models as small as this
path = Path("likes.csv")  # lines of person,item; those who came first, first
if path.exists():
    lines = [line.split(",", 1) for line in path.read_text(encoding="utf-8").split("\n") if line]
else:  # a made-up world: 5 kinds of items, some popular; people like two of the kinds
    popular = torch.rand(300) ** 4 + 0.02
    lines = []
    for person, kinds in enumerate(torch.rand(600, 5).argsort(dim=1)[:, :2]):
        weights = popular * (1 + 9 * torch.isin(torch.arange(300) % 5, kinds))
        for item in torch.multinomial(weights, 24).tolist():
            lines.append((f"person {person}", f"item {item} of kind {item % 5}"))
people = {name: i for i, name in enumerate(dict.fromkeys(person for person, _ in lines))}
items = {name: i for i, name in enumerate(dict.fromkeys(item for _, item in lines))}
likes = torch.zeros(len(people), len(items))  # a row for each person
for person, item in lines:
    likes[people[person], items[item]] = 1
learn, new = likes[: len(likes) * 4 // 5], likes[len(likes) * 4 // 5 :]  # who came later
shown = new * (torch.rand(new.shape) < 0.5)  # half to show, half to hide
hidden = new - shown
log_share = (learn.sum(dim=0) / learn.sum()).clamp(min=1e-9).log()


class Towers(nn.Module):
    def __init__(self, n_items, n_numbers=32):
        super().__init__()
        self.vectors = nn.Parameter(0.1 * torch.randn(n_items, n_numbers))
        self.bias = nn.Parameter(torch.zeros(n_items))

    def forward(self, liked):  # [B, items], 0 or 1 -> scores [B, items]
        mean = liked @ self.vectors / liked.sum(dim=1, keepdim=True).clamp(min=1)
        return mean @ self.vectors.T + self.bias


def recall_at(k, scores, shown, hidden):
    best = scores.masked_fill(shown > 0, float("-inf")).topk(k, dim=1).indices
    found = hidden.gather(1, best).sum(dim=1) / hidden.sum(dim=1).clamp(max=k)
    return found.nanmean().item()  # without those of whom nothing is hidden


model = Towers(len(items))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
pairs = learn.nonzero()
for _ in range(10):
    for person, item in (batch.T for batch in pairs[torch.randperm(len(pairs))].split(256)):
        liked = learn[person] * (torch.rand(len(person), len(items)) < 0.5)  # draw half
        liked[torch.arange(len(item)), item] = 0  # without the one to be guessed
        same = (item[:, None] == item[None, :]).fill_diagonal_(False)  # is no wrong answer
        scores = model(liked)[:, item] - log_share[item]  # [B, B]: the batch's items, corrected
        loss = F.cross_entropy(scores.masked_fill(same, float("-inf")), torch.arange(len(item)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
torch.save({"items": list(items), "weights": model.state_dict()}, "towers.pt")
saved = torch.load("towers.pt", weights_only=True)
model.load_state_dict(saved["weights"])
scores = model(shown).detach()
print(f"most popular: recall@20 {recall_at(20, log_share.expand_as(shown), shown, hidden):.1%}")
print(f"two towers:   recall@20 {recall_at(20, scores, shown, hidden):.1%}")
print("somebody likes", [saved["items"][i] for i in shown[0].nonzero()[:5, 0]])
best = scores[0].masked_fill(shown[0] > 0, float("-inf")).topk(5)
print("recommended:  ", [saved["items"][i] for i in best.indices])
