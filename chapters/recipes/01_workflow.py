"""Learn how fast a candle burns, test the line once, save it, and ask when the candle goes out."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"

# 1. Data: float32, [N, 1] inputs and [N, 1] targets. Put your own here.
hours = 5 * torch.rand(100, 1)
heights = 24 - 2.2 * hours + 0.5 * torch.randn(100, 1)
assert hours.shape == heights.shape
x = hours.to(device)
y = heights.to(device)
n = len(x)
order = torch.randperm(n)  # shuffle, then cut; indices may stay on the CPU
train = order[: 6 * n // 10]  # 60 %
valid = order[6 * n // 10 : 8 * n // 10]  # 20 %
test = order[8 * n // 10 :]  # the rest

# 2. Model
model = nn.Linear(1, 1).to(device)


def evaluate(model, x, y):
    model.eval()
    with torch.inference_mode():
        return F.mse_loss(model(x), y).item()


# 3. Loss (F.mse_loss) and optimiser
# A loss of nan? The inputs are too large for this rate: scale them, or take a tenth of it.
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

# 4. Training loop
for step in range(1, 501):
    model.train()
    loss = F.mse_loss(model(x[train]), y[train])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        valid_loss = evaluate(model, x[valid], y[valid])
        print(f"step {step}: training loss {loss.item():.3f}, validation loss {valid_loss:.3f}")

# 5. Evaluation: the test split, once, next to a dull baseline
test_loss = evaluate(model, x[test], y[test])
baseline_loss = ((y[train].mean() - y[test]) ** 2).mean().item()
print(f"test loss {test_loss:.3f}, always the mean {baseline_loss:.3f}")

# 6. Save, load, use
torch.save(model.state_dict(), "candle.pt")
loaded = nn.Linear(1, 1)  # on the CPU
loaded.load_state_dict(torch.load("candle.pt", map_location="cpu", weights_only=True))
loaded.eval()

# How far to trust it: a thousand evenings around our own line
w = loaded.weight.item()
b = loaded.bias.item()
x_seen = x[train].cpu().double().numpy()  # [M, 1], M readings in the training split
y_seen = y[train].cpu().double().numpy()  # [M, 1]
line = w * x_seen + b  # [M, 1]
sigma = (((y_seen - line) ** 2).sum() / (len(line) - 2)) ** 0.5
noise = sigma * np.random.default_rng(0).standard_normal((len(line), 1000))
evenings = line + noise  # [M, 1000]
slopes, starts = np.polyfit(x_seen[:, 0], evenings, deg=1)  # [1000] each
margin = 2 * (-starts / slopes).std()  # two standard errors, in hours
print(f"dark after {-b / w:.1f} h, give or take {60 * margin:.0f} min")
