"""Train a small residual network on Fashion-MNIST well, save it, load it, name a picture."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.datasets import FashionMNIST


class Block(nn.Module):  # normalise, bend, convolve; then add what came in, or pool
    def __init__(self, n_in, n_out):
        super().__init__()
        self.norm = nn.BatchNorm2d(n_in)
        self.conv = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1)

    def forward(self, x):
        y = self.conv(self.norm(x).relu())
        return x + y if x.shape == y.shape else F.max_pool2d(y, 2)


def make_network(width=32, depth=2):
    layers = [nn.Conv2d(1, width // 2, kernel_size=3, padding=1), nn.MaxPool2d(2)]
    layers += [Block(width // 2, width)] + [Block(width, width) for _ in range(depth)]
    layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten(), nn.Linear(49 * width, 10)]
    network = nn.Sequential(*layers)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return network


def one_cycle(peak, n_steps):  # warm up in a line, cool down along a wave
    n_up, n_down = n_steps // 4, n_steps - n_steps // 4
    up = [peak * (step + 1) / n_up for step in range(n_up)]
    return up + [peak * (1 + math.cos(math.pi * step / n_down)) / 2 for step in range(n_down)]


torch.manual_seed(0)
published = FashionMNIST("data", train=True, download=True)
order = torch.randperm(60_000)
images, labels = published.data[order].unsqueeze(1) / 255, published.targets[order]
images = (images - images[5_000:].mean()) / images[5_000:].std()
valid_x, valid_y = images[:5_000], labels[:5_000]
train_x, train_y = images[5_000:15_000], labels[5_000:15_000]  # [5_000:] for all: take more time

network = make_network()
optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
rates = one_cycle(0.01, 2 * math.ceil(len(train_x) / 64))
for epoch in (1, 2):
    network.train()
    for places in torch.randperm(len(train_x)).split(64):
        optimizer.param_groups[0]["lr"] = rates.pop(0)  # the first that is left
        x, y = train_x[places], train_y[places]
        x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)  # mirror half
        loss = F.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.inference_mode():
        right = (network(valid_x).argmax(dim=1) == valid_y).float().mean().item()
    print(f"epoch {epoch}: {right:.1%} of new pictures right")

torch.save(network.state_dict(), "well.pt")
loaded = make_network()
loaded.load_state_dict(torch.load("well.pt", weights_only=True))
answer = loaded.eval()(valid_x[:1]).argmax(dim=1).item()
print(f"first: {published.classes[answer]}, and it is: {published.classes[valid_y[0]]}")
