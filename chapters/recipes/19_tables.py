"""Learn the last column of a CSV table with a network whose numbers are in pieces; save and ask."""

import csv
import random
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(0)
path = Path("table.csv")  # the first line names the columns; the last column is to be learned
if not path.exists():  # then make one up: flats with their rents
    lines, dice = ["area,floor,district,rent"], random.Random(0)
    for _ in range(3_000):
        area, floor, district = dice.randint(20, 150), dice.randint(0, 9), dice.choice("NESW")
        rent = 300 + 8 * area + 300 * (area >= 100) + 20 * floor + 90 * "NESW".index(district)
        lines.append(f"{area},{floor},{district},{round(rent * dice.uniform(0.9, 1.1))}")
    path.write_text("\n".join(lines), encoding="utf-8")
table = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
random.Random(0).shuffle(table)  # if rows have a date, sort instead: the newest first
*inputs, target = table[0]
fifth = len(table) // 5
test, valid, train = table[:fifth], table[fifth : 2 * fifth], table[2 * fifth :]
edges, names = {}, {}  # all that is known of the inputs, from the training rows alone
for name in inputs:
    if all(row[name].replace(".", "", 1).lstrip("-").isdigit() for row in table):  # numbers
        column = torch.tensor([float(row[name]) for row in train])
        edges[name] = torch.quantile(column, torch.linspace(0, 1, 33)).unique()
    else:
        names[name] = sorted({row[name] for row in train})


def encode(rows):  # pieces of the numbers, and a column of 0 or 1 for each known category
    columns = []
    for name, edge in edges.items():
        column = torch.tensor([float(row[name]) for row in rows])[:, None]
        columns.append(((column - edge[:-1]) / edge.diff()).clamp(0, 1))
    for name, known in names.items():
        columns.append(torch.tensor([[float(row[name] == one) for one in known] for row in rows]))
    return torch.cat(columns, dim=1)


x, valid_x = encode(train), encode(valid)
y = torch.tensor([[float(row[target])] for row in train])
valid_y = torch.tensor([[float(row[target])] for row in valid])
centre, spread = y.median(), y.std()
model = nn.Sequential(nn.Linear(x.shape[1], 128), nn.ReLU(), nn.Linear(128, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
best = float("inf")
for _ in range(20):
    for rows in torch.randperm(len(x)).split(128):
        loss = (model(x[rows]) - (y[rows] - centre) / spread).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = (model(valid_x) * spread + centre - valid_y).abs().mean().item()
    if error < best:  # keep the best
        best = error
        saved = {"weights": model.state_dict(), "edges": edges, "names": names}
        torch.save(saved | {"centre": centre, "spread": spread}, "model.pt")
saved = torch.load("model.pt", weights_only=True)
model.load_state_dict(saved["weights"])
edges, names = saved["edges"], saved["names"]
test_y = torch.tensor([float(row[target]) for row in test])
with torch.no_grad():
    guess = model(encode(test))[:, 0] * saved["spread"] + saved["centre"]
error, dull = (guess - test_y).abs().mean(), (saved["centre"] - test_y).abs().mean()
print(f"off by {error:.1f} on rows that it hasn't seen; always the median: {dull:.1f}")
print(test[0], "- the network says", round(guess[0].item()))
