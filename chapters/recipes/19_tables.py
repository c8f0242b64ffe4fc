"""Learn a CSV table's last column: a network with its numbers in pieces, next to boosted trees."""

import csv
from math import isfinite, nan
from pathlib import Path

import torch
from torch import nn
from xgboost import XGBRegressor  # pip install xgboost


def number(text):  # NaN for what isn't one: an empty cell, "n/a", "1 200"
    try:
        return float(text) if isfinite(float(text)) else nan
    except ValueError:
        return nan


def encode(rows, known):  # [N, columns]
    columns = []
    for name, of in known.items():
        column = torch.tensor([[number(row[name])] for row in rows]).nan_to_num(of["median"])
        columns.append(((column - of["edges"][:-1]) / of["edges"].diff()).clamp(0, 1))
        flags = [[float(row[name] == text) for text in of["texts"]] for row in rows]
        columns.append(torch.tensor(flags))  # 1 or 0; among numbers, "" means: it was missing
    return torch.cat(columns, dim=1)


torch.manual_seed(0)
path = Path("table.csv")  # the first line names the columns
if not path.exists():  # then make one up: flats and their rents; some areas are missing
    lines = ["area,district,rent"]
    for area, place in [(area, place) for area in range(20, 150) for place in "NESW" * 6]:
        rent = 300 * (area >= 100) + 8 * area + 5 * ord(place) + 100 * torch.rand(1).item()
        lines.append(f"{area if rent % 50 > 1 else ''},{place},{rent:.0f}")
    path.write_text("\n".join(lines), encoding="utf-8")
table = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(True), restval="")
*inputs, target = table.fieldnames  # the last name, and all before it
rows = [row for row in table if isfinite(number(row[target]))]  # the others can't teach
rows = [rows[place] for place in torch.randperm(len(rows))]  # or by date, newest first
test, train = rows[: len(rows) // 4], rows[len(rows) // 4 :]
known = {}  # what the training rows say of each column
for name in inputs:
    found = torch.tensor([number(row[name]) for row in train if isfinite(number(row[name]))])
    texts = sorted({row[name] for row in train if not isfinite(number(row[name]))})
    print(f"{name}: {len(found)} of {len(train)} are numbers; {len(texts)} others: {texts[:5]}")
    edges = torch.quantile(found if len(found) else torch.zeros(1), torch.linspace(0, 1, 33))
    known[name] = {"edges": edges.unique(), "median": edges[16].item(), "texts": texts[:200]}
x, test_x = encode(train, known), encode(test, known)
y, test_y = [torch.tensor([float(row[target]) for row in part]) for part in (train, test)]
centre, spread = y.median(), y.std()
model = nn.Sequential(nn.Linear(x.shape[1], 128), nn.ReLU(), nn.Linear(128, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
for _ in range(20):
    for batch in torch.randperm(len(x)).split(128):
        loss = (model(x[batch])[:, 0] - (y[batch] - centre) / spread).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
torch.save((known, centre, spread, model.state_dict()), "model.pt")
known, centre, spread, weights = torch.load("model.pt")
model.load_state_dict(weights)
off = (model(test_x)[:, 0].detach() * spread + centre - test_y).abs()
trees = XGBRegressor(objective="reg:absoluteerror").fit(x.numpy(), y.numpy())  # the rival
off_trees = (torch.from_numpy(trees.predict(test_x.numpy())) - test_y).abs()
gap, dull = off - off_trees, (centre - test_y).abs().mean()
print(f"off by: network {off.mean():.1f}, trees {off_trees.mean():.1f}, the median {dull:.1f}")
print(f"network minus trees: {gap.mean():+.1f} ± {1.96 * gap.std() / len(gap) ** 0.5:.1f}")
row = test[0] | {inputs[0]: ""}  # a new row, with a hole
print(row, "- the network says", round((model(encode([row], known)) * spread + centre).item()))
