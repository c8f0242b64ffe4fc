"""Learn features of signals without labels, as SimCLR does; then name signals from few labels."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
path = Path("signals.pt")  # a pair: signals, float [N, L]; labels of the first M, int64 [M]
N_FEW = 25  # labels to learn from; the others are for the test


def make_up(n):  # signals in which one of five random shapes hides somewhere
    shapes = F.interpolate(torch.randn(5, 1, 6), 16, mode="linear")[:, 0]  # 6 points drawn to 16
    labels = torch.randint(5, (n,))
    return push(F.pad(shapes[labels], (0, 32))) + 0.2 * torch.randn(n, 48), labels


def push(x):  # each round by a random number of places, as on a ring
    start = torch.randint(0, x.shape[1], (len(x), 1))
    return x.gather(1, (torch.arange(x.shape[1]) + start) % x.shape[1])


def view(x):  # change here what makes no difference in your signals
    return (0.7 + 0.6 * torch.rand(len(x), 1)) * push(x) + 0.1 * torch.randn_like(x)


def make_encoder():  # signals of any length [B, L] -> [B, 64]
    first = [nn.Unflatten(1, (1, -1)), nn.Conv1d(1, 24, 5, stride=2), nn.BatchNorm1d(24), nn.ReLU()]
    second = [nn.Conv1d(24, 48, 5, stride=2), nn.BatchNorm1d(48), nn.ReLU()]
    return nn.Sequential(*first, *second, nn.AdaptiveMaxPool1d(4), nn.Flatten(), nn.Linear(192, 64))


def find_twin(network):  # NT-Xent
    x = signals[torch.randint(len(signals), (200,))]
    z = F.normalize(torch.cat([network(view(x)), network(view(x))]), dim=1)  # [400, 64]
    itself = torch.eye(len(z), dtype=torch.bool)
    table = (z @ z.T / 0.1).masked_fill(itself, float("-inf"))
    return F.cross_entropy(table, torch.arange(len(z)).roll(len(x)))  # where the twins stand


def name_them(network):
    return F.cross_entropy(network(view(signals[:N_FEW])), labels[:N_FEW])


def train(network, loss_of, n_steps):
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, n_steps + 10)
    network.train()
    for _ in range(n_steps):
        loss = loss_of(network)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


signals, labels = torch.load(path, weights_only=True) if path.exists() else make_up(2000)
for n_steps in (0, 300):  # without and with pretraining
    encoder = train(make_encoder(), find_twin, n_steps)
    classifier = nn.Sequential(encoder, nn.ReLU(), nn.Linear(64, int(labels.max()) + 1))
    train(classifier, name_them, 100)
    answers = classifier(signals[N_FEW : len(labels)]).argmax(dim=1)
    print(f"{n_steps} steps without labels: {(answers == labels[N_FEW:]).float().mean():.1%} right")
torch.save(classifier.state_dict(), "classifier.pt")
classifier.load_state_dict(torch.load("classifier.pt", weights_only=True))
print("the last signal is a", classifier(signals[-1:]).argmax().item())
