"""Train a classifier on a spiral of three arms, test it once, save it, ask it about a point."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"


def make_spirals(n, noise):
    labels = torch.randint(3, (n,))  # [N], int64: which arm
    along = torch.rand(n)  # 0 at the inner end of an arm, 1 at the outer
    radius = 0.1 + 0.9 * along
    angle = 2 * torch.pi * labels / 3 + 1.2 * torch.pi * along
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # [N, 2]
    return TensorDataset(points + noise * torch.randn(n, 2), labels)


class SpiralNet(nn.Module):
    def __init__(self, n_features, n_hidden, n_classes):
        super().__init__()
        self.hidden1 = nn.Linear(n_features, n_hidden)
        self.hidden2 = nn.Linear(n_hidden, n_hidden)
        self.output = nn.Linear(n_hidden, n_classes)

    def forward(self, x):  # [B, n_features]
        x = self.hidden1(x).relu()
        x = self.hidden2(x).relu()
        return self.output(x)  # logits, [B, n_classes]


def evaluate(model, dataset):
    model.eval()
    n_right = 0
    with torch.inference_mode():
        for x, y in DataLoader(dataset, batch_size=500):
            answers = model(x.to(device)).argmax(dim=1)  # [B]
            n_right += (answers == y.to(device)).sum().item()
    return n_right / len(dataset)


train_set = make_spirals(900, noise=0.06)
valid_set = make_spirals(450, noise=0.06)
test_set = make_spirals(450, noise=0.06)
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)

model = SpiralNet(n_features=2, n_hidden=32, n_classes=3).to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(1, 31):
    model.train()
    for x, y in train_loader:  # [B, 2] and [B]
        loss = F.cross_entropy(model(x.to(device)), y.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(f"epoch {epoch}: validation {evaluate(model, valid_set):.1%}")

commonest = train_set.tensors[1].bincount().argmax()
baseline = (test_set.tensors[1] == commonest).float().mean()
print(f"test {evaluate(model, test_set):.1%}, always the commonest class {baseline:.1%}")  # once

torch.save(model.state_dict(), "spiral.pt")
loaded = SpiralNet(n_features=2, n_hidden=32, n_classes=3).to(device).eval()
loaded.load_state_dict(torch.load("spiral.pt", map_location=device, weights_only=True))
with torch.inference_mode():
    probabilities = loaded(torch.tensor([[0.6, 0.5]]).to(device)).softmax(dim=1)[0]  # [3]
print(f"(0.6, 0.5) is on arm {probabilities.argmax().item()}, {probabilities.max():.0%} sure")
