"""Learn features of signals without labels, as SimCLR does; then name signals from few labels."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
path = Path("signals.pt")  # a pair: signals, float [N, L]; labels of the first M, int64 [M]


def make_up(n):  # signals in which one of five random shapes hides somewhere
    shapes = F.interpolate(torch.randn(5, 1, 6), 16, mode="linear")[:, 0]  # [5, 16]
    labels = torch.randint(5, (n,))
    return push(F.pad(shapes[labels], (0, 32))) + 0.2 * torch.randn(n, 48), labels[:25]


def push(x):  # by a random number of places; what leaves at the end comes in in front
    start = torch.randint(0, x.shape[1], (len(x), 1))
    return x.gather(1, (torch.arange(x.shape[1]) + start) % x.shape[1])


def view(x):  # change here what makes no difference in your signals
    return (0.7 + 0.6 * torch.rand(len(x), 1)) * push(x) + 0.1 * torch.randn_like(x)


def nt_xent(first, second, temperature=0.1):
    z = F.normalize(torch.cat([first, second]), dim=1)  # [2B, D]
    itself = torch.eye(len(z), dtype=torch.bool)
    table = (z @ z.T / temperature).masked_fill(itself, float("-inf"))
    return F.cross_entropy(table, torch.arange(len(z)).roll(len(first)))  # where the twins stand


def find_twin(network):
    chosen = torch.randint(len(signals), (200,))
    return nt_xent(network(view(signals[chosen])), network(view(signals[chosen])))


def name_them(network):
    return F.cross_entropy(network(view(signals[: len(labels)])), labels)


def train(network, loss_of, n_steps):
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, n_steps)
    network.train()
    for _ in range(n_steps):
        loss = loss_of(network)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"{loss_of.__name__}: loss {loss.item():.2f} after {n_steps} steps")


signals, labels = torch.load(path, weights_only=True) if path.exists() else make_up(2000)
first = [nn.Unflatten(1, (1, -1)), nn.Conv1d(1, 24, 5, 2, 2), nn.BatchNorm1d(24), nn.ReLU()]
second = [nn.Conv1d(24, 48, 5, 2, 2), nn.BatchNorm1d(48), nn.ReLU(), nn.AdaptiveMaxPool1d(4)]
encoder = nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(4 * 48, 64))
train(encoder, find_twin, 300)  # no labels
spread = F.normalize(encoder(signals).detach(), dim=1).std(dim=0).mean()
print(f"spread of the features: {spread:.3f} (near 0: collapsed; 0.125: even)")
classifier = nn.Sequential(encoder, nn.ReLU(), nn.Linear(64, int(labels.max()) + 1))
train(classifier, name_them, 100)  # few labels
torch.save(classifier.state_dict(), "classifier.pt")
classifier.load_state_dict(torch.load("classifier.pt", weights_only=True))
shares = classifier.eval()(signals[-1:]).softmax(dim=1)[0]
print(f"the last signal is a {shares.argmax()}, with {shares.max():.0%}")
