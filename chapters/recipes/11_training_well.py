"""Train a small residual network on Fashion-MNIST well, save it, load it, name a picture."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.datasets import FashionMNIST


class Block(nn.Module):  # normalise, bend, convolve; then pool, or add what came in
    def __init__(self, n_in, n_out, pool=False):
        super().__init__()
        self.norm = nn.BatchNorm2d(n_in)
        self.conv = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1)
        self.pool = pool

    def forward(self, x):
        y = self.conv(self.norm(x).relu())
        return F.max_pool2d(y, 2) if self.pool else x + y


def make_network(width=32, depth=2):
    layers = [nn.Conv2d(1, width // 2, kernel_size=3, padding=1), nn.MaxPool2d(2)]
    layers += [Block(width // 2, width, pool=True)] + [Block(width, width) for _ in range(depth)]
    layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten(), nn.Linear(49 * width, 10)]
    network = nn.Sequential(*layers)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return network


def accuracy(network, x, y):  # each picture both ways
    with torch.inference_mode():
        chances = network(x).softmax(dim=1) + network(x.flip(3)).softmax(dim=1)
    return (chances.argmax(dim=1) == y).float().mean().item()


torch.manual_seed(0)
published = FashionMNIST("data", train=True, download=True)
order = torch.randperm(60_000)
images, labels = published.data[order].unsqueeze(1) / 255, published.targets[order]
images = (images - images[5_000:].mean()) / images[5_000:].std()
valid_x, valid_y = images[:5_000], labels[:5_000]
train_x, train_y = images[5_000:15_000], labels[5_000:15_000]  # [5_000:] for all: take more time

network = make_network()
optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
n_epochs, peak, step = 2, 0.01, 0
n_steps = n_epochs * math.ceil(len(train_x) / 64)
for epoch in range(1, n_epochs + 1):
    network.train()
    for places in torch.randperm(len(train_x)).split(64):
        up, down = 4 * (step + 1) / n_steps, (1 + math.cos(math.pi * step / n_steps)) / 2
        optimizer.param_groups[0]["lr"] = peak * min(up, down)  # warm up, cool down
        x, y = train_x[places], train_y[places]
        x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)  # mirror half
        loss = F.cross_entropy(network(x), y, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    print(f"epoch {epoch}: {accuracy(network.eval(), valid_x, valid_y):.1%} of new pictures right")

torch.save(network.state_dict(), "well.pt")
loaded = make_network()
loaded.load_state_dict(torch.load("well.pt", weights_only=True))
print("first:", published.classes[loaded.eval()(valid_x[:1]).argmax(dim=1).item()])
