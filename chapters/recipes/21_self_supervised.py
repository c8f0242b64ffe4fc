"""Learn features of signals without labels, as SimCLR does; then name signals from few labels."""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
path = Path("signals.pt")  # float signals [N, L], shuffled; int64 labels of the first M
N_FEW = 25  # labels to learn from; the others are for the test


def make_up(n):  # signals in which one of five random shapes hides somewhere
    shapes = F.interpolate(torch.randn(5, 1, 6), 16, mode="linear")[:, 0]  # 6 points drawn to 16
    labels = torch.randint(5, (n,))
    return view(F.pad(shapes[labels], (0, 32))) + 0.4 * torch.randn(n, 48), labels


def view(x):  # change here what makes no difference in your signals
    start = torch.randint(0, x.shape[1], (len(x), 1))
    x = x.gather(1, (torch.arange(x.shape[1]) + start) % x.shape[1])  # push round, as on a ring
    return (0.7 + 0.6 * torch.rand(len(x), 1)) * x + 0.1 * torch.randn_like(x)


def make_encoder(length):  # signals [B, length] -> features [B, 64]
    layers = [nn.Unflatten(1, (1, length))]
    for n_in, n_out in ((1, 24), (24, 48), (48, 48)):  # each makes signals half as long
        layers += [nn.Conv1d(n_in, n_out, 5, stride=2, padding=2), nn.BatchNorm1d(n_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(48 * math.ceil(length / 8), 64))


def find_twin(network):  # NT-Xent
    x = signals[torch.randperm(len(signals))[:200]]  # each at most once: no false strangers
    z = F.normalize(torch.cat([network(view(x)), network(view(x))]), dim=1)  # [400, 64]
    table = (z @ z.T / 0.1).masked_fill(torch.eye(len(z), dtype=torch.bool), -math.inf)
    return F.cross_entropy(table, torch.arange(len(z)).roll(len(x)))  # where the twins stand


def name_them(network):
    return F.cross_entropy(network(view(signals[:N_FEW])), labels[:N_FEW])


def train(network, loss_of, n_steps):
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, max(n_steps, 1))  # 0 fails
    network.train()
    for _ in range(n_steps):
        loss = loss_of(network)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


signals, labels = torch.load(path, weights_only=True) if path.exists() else make_up(2000)
print(f"always the commonest: {labels[N_FEW:].bincount().max() / len(labels[N_FEW:]):.1%} right")
for n_before, n_after in ((0, 300), (200, 100)) * 2:  # steps without labels, and with labels
    encoder = make_encoder(signals.shape[1])
    train(encoder, find_twin, n_before)
    classifier = nn.Sequential(encoder, nn.ReLU(), nn.Linear(64, int(labels.max()) + 1))
    train(classifier, name_them, n_after)
    right = classifier(signals[N_FEW : len(labels)]).argmax(dim=1) == labels[N_FEW:]
    print(f"{n_before} steps without labels, {n_after} with: {right.float().mean():.1%} right")
    torch.save(classifier.state_dict(), f"classifier_{n_before}.pt")  # keep the better one
classifier.load_state_dict(torch.load("classifier_200.pt", weights_only=True))
print("the last signal is a", classifier(signals[-1:]).argmax().item())
