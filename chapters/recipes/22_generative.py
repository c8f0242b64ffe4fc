"""Train a flow that draws clothes on order, save it, load it, let it draw one of each class."""

import math

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torchvision.datasets import FashionMNIST
from torchvision.utils import make_grid

N_STEPS = 200  # 8_000 for good drawings: ten minutes
torch.manual_seed(0)
published = FashionMNIST("data", download=True)
pictures = published.data.unsqueeze(1) / 127.5 - 1  # [N, 1, 28, 28], from -1 to 1
labels = published.targets  # [N], from 0 to 9


class Block(nn.Module):
    def __init__(self, n, n_note=128):
        super().__init__()
        self.norm, self.told = nn.GroupNorm(1, n), nn.Linear(n_note, 2 * n)
        self.first, self.second = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)

    def forward(self, x, note):
        scale, shift = self.told(note)[:, :, None, None].chunk(2, dim=1)
        return x + self.second(F.silu(self.first(F.silu(self.norm(x) * (1 + scale) + shift))))


class Velocity(nn.Module):
    def __init__(self, n_classes=10, fine=24, coarse=64):
        super().__init__()
        self.time, self.label = nn.Linear(64, 128), nn.Embedding(n_classes + 1, 128)
        self.enter, self.leave = nn.Conv2d(4, fine, 3, padding=1), nn.Conv2d(fine, 4, 3, padding=1)
        self.down, self.up = nn.Conv2d(fine, coarse, 2, 2), nn.ConvTranspose2d(coarse, fine, 2, 2)
        self.blocks = nn.ModuleList([Block(n) for n in (fine, coarse, coarse, fine)])

    def forward(self, x, t, label):
        angles = t[:, None] * torch.arange(1, 33) * (math.pi / 2)
        note = F.silu(self.time(torch.cat([angles.sin(), angles.cos()], 1)) + self.label(label))
        x = self.blocks[0](self.enter(F.pixel_unshuffle(x, 2)), note)
        y = self.blocks[2](self.blocks[1](self.down(x), note), note)
        return F.pixel_shuffle(self.leave(self.blocks[3](x + self.up(y), note)), 2)


network = Velocity()
optimizer = torch.optim.AdamW(network.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, N_STEPS, pct_start=0.1)
for _ in range(N_STEPS):
    chosen = torch.randint(len(pictures), (64,))
    label = torch.where(torch.rand(64) < 0.1, 10, labels[chosen])  # 10: "I won't tell"
    x0, x1, t = torch.randn(64, 1, 28, 28), pictures[chosen], torch.rand(64)
    x = (1 - t[:, None, None, None]) * x0 + t[:, None, None, None] * x1
    loss = F.mse_loss(network(x, t, label), x1 - x0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
print(f"the last loss: {loss.item():.3f}")
torch.save(network.state_dict(), "flow.pt")
network.load_state_dict(torch.load("flow.pt", weights_only=True))
x, orders, guidance = torch.randn(10, 1, 28, 28), torch.arange(10), 2.0
for step in range(20):
    with torch.no_grad():
        t = torch.full((10,), step / 20)
        untold, told = network(x, t, torch.full((10,), 10)), network(x, t, orders)
    x = x + (untold + guidance * (told - untold)) / 20
sheet = (make_grid(x, nrow=5)[0].clamp(-1, 1) + 1) * 127.5
Image.fromarray(sheet.byte().numpy()).save("drawn.png")
print("one of each class is in drawn.png")
