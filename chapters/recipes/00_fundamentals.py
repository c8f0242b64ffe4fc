"""Name pictures in the fog with three templates in a linear layer; save it, load it, use it."""

import torch
from torch import nn

device = "cpu"
if torch.accelerator.is_available():
    device = torch.accelerator.current_accelerator()
names = ["sun", "moon", "star"]

# Draw the three clean pictures: a column and a row are broadcast to [28, 28].
y = torch.linspace(1, -1, 28).reshape(28, 1)  # [28, 1]
x = torch.linspace(-1, 1, 28)  # [28]
distance = (x**2 + y**2).sqrt()  # [28, 28], from the middle
bite = ((x - 0.3) ** 2 + y**2).sqrt()  # from a point further right
moon = (distance < 0.75) & (bite > 0.6)
angle = torch.atan2(y, x)
rays = torch.cos(12 * angle) > 0
sun = distance < 0.76 + 0.2 * rays
star = distance < 0.46 + 0.24 * torch.sin(5 * angle)
sky = torch.stack([sun, moon, star]).float()  # [3, 28, 28]
clean = sky.flatten(start_dim=1).to(device)  # [3, 784]
print("shape", list(clean.shape), "dtype", clean.dtype, "device", clean.device)


def make_fog(seed, n):
    """Return n pictures of pure fog, [n, 784]. The same seed gives the same fog."""
    generator = torch.Generator().manual_seed(seed)  # on the CPU, so that a GPU changes nothing
    return torch.randn(n, 784, generator=generator)


def make_foggy(clean, strength, seed, n=3000):
    """Return n foggy pictures, [n, 784], and which of the clean ones is in each, [n]."""
    labels = torch.arange(n, device=device) % 3
    fog = make_fog(seed, n).to(device)
    return clean[labels] + strength * fog, labels


pictures, labels = make_foggy(clean, strength=2, seed=0)
bright = pictures + 1  # somebody turned up the brightness

# Fair templates: mean 0 and length 1, so that neither brightness nor size can win.
centred = clean - clean.mean(dim=1, keepdim=True)  # [3, 784] - [3, 1]
length = centred.square().sum(dim=1, keepdim=True).sqrt()  # [3, 1]
fair = centred / length

# They are the weight of a linear layer: x @ weight.T + bias.
model = nn.Linear(in_features=784, out_features=3)
model.weight = nn.Parameter(fair)  # [3, 784]
model.bias = nn.Parameter(torch.zeros(3).to(device))
answers = model(bright).argmax(dim=1)  # [3000, 784] -> [3000, 3] -> [3000]
print(f"{100 * (answers == labels).float().mean():.1f} % right; guessing gives 33.3 %")

# Save it, load it into a new layer, and ask that one for a name.
torch.save(model.state_dict(), "templates.pt")
state = torch.load("templates.pt", map_location=device, weights_only=True)
loaded = nn.Linear(in_features=784, out_features=3).to(device)
loaded.load_state_dict(state)
answer = loaded(bright[0]).argmax().item()  # [784] -> [3] -> a number
print("the first picture is a", names[answer], "and in truth a", names[labels[0].item()])
