"""Tell three kinds of shoes apart: by rules, and by a network that learns from examples."""

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.datasets import FashionMNIST

NAMES = ["Sandal", "Sneaker", "Ankle boot"]


def load_shoes(train):
    """Return pictures [N, 28, 28], from 0 (black) to 1 (white), and labels [N], 0 to 2."""
    clothes = FashionMNIST("data", train=train, download=True)
    pictures = []
    labels = []
    for number, name in enumerate(NAMES):
        of_this_kind = clothes.data[clothes.targets == clothes.classes.index(name)]
        pictures.append(of_this_kind / 255)
        labels.append(torch.full([len(of_this_kind)], number))  # that many times the number
    return torch.cat(pictures), torch.cat(labels)


def rules(picture):
    bright = (picture > 0.25).float()
    if bright.mean() > 0.30:
        return 2  # a boot fills more of the picture
    return 1 if bright[12:16, 14:21].mean() > 0.82 else 0  # a sandal has holes


def new_network():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 3))


def train(network, pictures, labels, epochs):
    optimizer = torch.optim.Adam(network.parameters(), lr=0.002)
    for _ in range(epochs):
        for rows in torch.randperm(len(pictures)).split(128):
            loss = F.cross_entropy(network(pictures[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def report(split, pictures, labels):
    by_rules = torch.tensor([rules(picture) for picture in pictures])
    with torch.inference_mode():
        learned = network(pictures).argmax(dim=1)
    print(f"{split}:")
    print(f"  rules by hand        {(by_rules == labels).float().mean():.1%} right")
    print(f"  network              {(learned == labels).float().mean():.1%}")
    print(f"  always the commonest {labels.bincount().max() / len(labels):.1%}")


torch.manual_seed(0)
pictures, labels = load_shoes(train=True)
order = torch.randperm(len(pictures))  # shuffle, then keep 3,000 to compare ideas on
train_rows, valid_rows = order[3000:], order[:3000]
network = new_network()
train(network, pictures[train_rows], labels[train_rows], epochs=5)
report("validation", pictures[valid_rows], labels[valid_rows])
test_pictures, test_labels = load_shoes(train=False)
report("test", test_pictures, test_labels)  # once, when nothing is left to decide

torch.save(network.state_dict(), "shoes.pt")  # all parameters
loaded = new_network()  # the same layers
loaded.load_state_dict(torch.load("shoes.pt", weights_only=True))
with torch.inference_mode():
    shares = loaded(test_pictures[:1]).softmax(dim=1)[0]  # a pile of one in, the only answer out
print(f"says {NAMES[shares.argmax()]}, {shares.max():.0%} sure; truth: {NAMES[test_labels[0]]}")
