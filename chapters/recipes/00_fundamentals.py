"""Name foggy pictures with one linear layer, by hand and by nn.Linear; save it, load it, use it."""

import torch
from torch import Tensor, nn

device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
names = ["sun", "moon", "star"]


def draw() -> Tensor:
    """Draw the three pictures as a file would hold them: [3, 28, 28], bytes from 0 to 255."""
    y = torch.linspace(1, -1, 28).reshape(28, 1)  # a column, and
    x = torch.linspace(-1, 1, 28)  # a row: together they are broadcast to [28, 28]
    distance = torch.hypot(x, y)
    angle = torch.atan2(y, x)
    sun = distance < 0.76 + 0.2 * (torch.cos(12 * angle) > 0)
    moon = (distance < 0.75) & (torch.hypot(x - 0.3, y) > 0.6)
    star = distance < 0.46 + 0.24 * torch.sin(5 * angle)
    return 255 * torch.stack([sun, moon, star]).to(torch.uint8)


def standardise(rows: Tensor) -> Tensor:
    """Give each row a mean of 0 and a length of 1: [N, P] -> [N, P]."""
    centred = rows - rows.mean(dim=1, keepdim=True)  # [N, P] - [N, 1]
    return centred / centred.square().sum(dim=1, keepdim=True).sqrt()


def make_foggy(clean: Tensor, n: int, strength: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return n foggy pictures [n, P], and which of the clean ones is in each, [n]."""
    generator = torch.Generator().manual_seed(seed)  # on the CPU, so that a GPU changes nothing
    labels = torch.randint(len(clean), (n,), generator=generator).to(clean.device)
    fog = torch.randn(n, clean.shape[1], generator=generator).to(clean.device)
    return clean[labels] + strength * fog, labels


# A picture becomes a tensor of floats on the device, one row each; bytes would wrap at 255.
clean = draw().flatten(start_dim=1).float().to(device) / 255  # [3, 784], from 0 to 1
print("shape", list(clean.shape), "dtype", clean.dtype, "device", clean.device)
foggy, labels = make_foggy(clean, n=3000, strength=2, seed=0)
bright = foggy + 0.5  # somebody turned up the brightness

# The layer: one template in each row of its weight. (A parameter is what training may change.)
layer = nn.Linear(in_features=784, out_features=3).to(device)
layer.weight = nn.Parameter(standardise(clean))  # [3, 784]
layer.bias = nn.Parameter(torch.zeros(3, device=device))
by_hand = bright @ layer.weight.T + layer.bias  # [3000, 784] @ [784, 3] + [3] -> [3000, 3]
scores = layer(bright)  # [3000, 3]
assert torch.allclose(scores, by_hand, atol=1e-3), "nn.Linear is x @ weight.T + bias"
share = (scores.argmax(dim=1) == labels).float().mean().item()
baseline = labels.bincount().max().item() / len(labels)
print(f"named right {share:.1%}, always the commonest name {baseline:.1%}")

# Save the layer's tensors, load them into a new layer, and ask that one for a name.
torch.save(layer.state_dict(), "templates.pt")
loaded = nn.Linear(784, 3).to(device)
loaded.load_state_dict(torch.load("templates.pt", map_location=device, weights_only=True))
assert torch.equal(loaded.weight, layer.weight)
answer = loaded(bright[0]).argmax().item()  # [784] -> [3] -> a number
print(f"the first picture is a {names[answer]}; truth: {names[labels[0].item()]}")
