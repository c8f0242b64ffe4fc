"""Train a Vision Transformer on Fashion-MNIST, save it, test it, and ask it about a picture."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import FashionMNIST

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
train_set = FashionMNIST("data", train=True, download=True)
test_set = FashionMNIST("data", train=False)
images = (train_set.data.unsqueeze(1) / 255 - 0.286) / 0.353  # mean 0, spread 1
test_images = (test_set.data.unsqueeze(1) / 255 - 0.286) / 0.353  # [10000, 1, 28, 28]


class Block(nn.Module):
    def __init__(self, width, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, z):  # [B, T, D]
        qkv = self.qkv(self.norm_1(z)).unflatten(2, (3, self.n_heads, -1))  # [B, T, 3, h, D / h]
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # three of [B, h, T, D / h]
        z = z + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return z + self.narrow(F.gelu(self.wide(self.norm_2(z))))  # equation 3


class ViT(nn.Module):
    def __init__(self, size, patch, channels, n_classes, width=48, depth=3, n_heads=4):
        super().__init__()
        self.patches = nn.Conv2d(channels, width, kernel_size=patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, (size // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(*[Block(width, n_heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, n_classes)

    def forward(self, x):  # [B, C, S, S] -> [B, n_classes]
        z = self.patches(x).flatten(2).transpose(1, 2)  # equation 1: [B, N, D]
        z = torch.cat([self.class_token.expand(len(z), -1, -1), z], dim=1) + self.positions
        return self.head(self.norm(self.blocks(z)[:, 0]))  # equations 2 to 4


loader = DataLoader(TensorDataset(images[:20_000], train_set.targets[:20_000]), 64, shuffle=True)
model = ViT(size=28, patch=7, channels=1, n_classes=10).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.3)
up = LinearLR(optimizer, start_factor=0.01, total_iters=100)  # steps
down = CosineAnnealingLR(optimizer, T_max=3 * len(loader) - 100)
schedule = SequentialLR(optimizer, [up, down], milestones=[100])
for epoch in range(1, 4):
    for batch, labels in loader:
        loss = F.cross_entropy(model(batch.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        schedule.step()
    print(f"epoch {epoch}: the last batch had a loss of {loss.item():.2f}")
torch.save(model.state_dict(), "vit.pt")
loaded = ViT(size=28, patch=7, channels=1, n_classes=10).eval()
loaded.load_state_dict(torch.load("vit.pt", map_location="cpu", weights_only=True))
with torch.inference_mode():
    logits = loaded(test_images)  # [10000, 10]
right = (logits.argmax(dim=1) == test_set.targets).float().mean()
sure, answer = logits[0].softmax(dim=0).max(dim=0)
print(f"test {right:.1%}, one class 10.0%; picture 0: {test_set.classes[answer]}, {sure:.0%} sure")
