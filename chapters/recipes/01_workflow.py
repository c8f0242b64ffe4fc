"""Learn how fast a candle burns, test the line once, save it, and ask when the candle goes out."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"

# 1. Data: float32, [N, 1] inputs and [N, 1] targets. Put your own here.
sigma = 0.5  # cm: how far off a reading usually is
hours = 5 * torch.rand(100, 1)
heights = 24 - 2.2 * hours + sigma * torch.randn(100, 1)
assert hours.shape == heights.shape
x = hours.to(device)
y = heights.to(device)
order = torch.randperm(len(x))  # shuffle, then cut
train, valid, test = order.split([60, 20, 20])


# 2. Model
class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Tensor:  # [N, 1] -> [N, 1]
        return self.layer(x)


def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> float:
    model.eval()
    with torch.inference_mode():
        return F.mse_loss(model(x), y).item()


# 3. Loss (F.mse_loss) and optimiser
model = Line().to(device)
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
dull_loss = F.mse_loss(y[train].mean().expand(len(test), 1), y[test]).item()
print(f"test loss {test_loss:.3f}, always the mean {dull_loss:.3f}, noise floor {sigma**2:.3f}")
if test_loss < sigma**2:
    print("Below the noise floor: that is the luck of 20 readings, not skill.")

# 6. Save, load, use
torch.save(model.state_dict(), "candle.pt")
loaded = Line().to(device).eval()
loaded.load_state_dict(torch.load("candle.pt", map_location=device, weights_only=True))
with torch.inference_mode():
    height = loaded(torch.tensor([[7.5]], device=device)).item()  # [1, 1]: one example
print(f"after 7.5 hours: {height:.1f} cm")
print(f"dark after {-loaded.layer.bias.item() / loaded.layer.weight.item():.1f} hours")
