"""Train a Vision Transformer on pictures of clothes, validate it, save it, ask it about one."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import FashionMNIST


class Block(nn.Module):
    def __init__(self, width, n_heads, hidden):
        super().__init__()
        self.n_heads = n_heads
        self.norm_1 = nn.LayerNorm(width, eps=1e-6)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, z):  # [B, T, D]
        b, t, d = z.shape
        qkv = self.qkv(self.norm_1(z)).reshape(b, t, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        collected = nn.functional.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
        z = z + self.out(collected.transpose(1, 2).reshape(b, t, d))  # equation 2
        return z + self.mlp(self.norm_2(z))  # equation 3


class ViT(nn.Module):
    def __init__(self, size, patch, channels, n_classes, width, depth, n_heads):
        super().__init__()
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, (size // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(*[Block(width, n_heads, 4 * width) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, n_classes)

    def forward(self, x):  # [B, C, S, S] -> [B, n_classes]
        z = self.patches(x).flatten(2).transpose(1, 2)  # [B, N, D]
        z = torch.cat([self.class_token.expand(len(z), -1, -1), z], dim=1) + self.positions
        return self.head(self.norm(self.blocks(z)[:, 0]))  # equations 1 (above) to 4


torch.manual_seed(0)
torch.set_num_threads(1)  # so small a network is fastest on a single core
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
published = FashionMNIST("data", train=True, download=True)  # the last 3,000 are for validation
images = (published.data.unsqueeze(1) / 255 - 0.286) / 0.353  # mean 0, spread 1
loader = DataLoader(TensorDataset(images[:20_000], published.targets[:20_000]), 64, shuffle=True)
model = ViT(28, 7, 1, 10, width=48, depth=3, n_heads=4).to(device).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.3)
n_warm = max(1, 3 * len(loader) // 10)  # a tenth of all steps
up = LinearLR(optimizer, start_factor=0.01, total_iters=n_warm)
down = CosineAnnealingLR(optimizer, T_max=3 * len(loader) - n_warm)
schedule = SequentialLR(optimizer, [up, down], milestones=[n_warm])
for _ in range(3):
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        schedule.step()
torch.save(model.state_dict(), "vit.pt")
loaded = ViT(28, 7, 1, 10, width=48, depth=3, n_heads=4).eval()
loaded.load_state_dict(torch.load("vit.pt", map_location="cpu", weights_only=True))
with torch.inference_mode():
    chances = loaded(images[57_000:]).softmax(dim=1)  # [3000, 10]
right = (chances.argmax(dim=1) == published.targets[57_000:]).float().mean()
print(f"{right:.1%} of 3,000 right; the first: {published.classes[chances[0].argmax()]}")
