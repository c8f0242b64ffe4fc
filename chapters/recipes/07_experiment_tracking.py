"""Compare two learning rates over three seeds, log every run, keep the best model and use it."""

import json
from datetime import datetime
from pathlib import Path

import torch
from scipy import stats
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.tensorboard import SummaryWriter
from torchvision.datasets import FashionMNIST

torch.set_num_threads(1)  # a network this small is fastest on a single core
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
surroundings = {"torch": torch.__version__, "device": str(device)}
published = FashionMNIST("data", train=True, download=True)
images, labels = published.data.unsqueeze(1) / 255, published.targets  # [60000, 1, 28, 28]
train_set = TensorDataset(images[:2000], labels[:2000])


def create_writer(name):  # a folder for each run; tensorboard --logdir runs
    folder = Path("runs", datetime.now().strftime("%Y-%m-%d/%H-%M-%S ") + name)
    folder.mkdir(parents=True)  # stops if the folder is there already
    return SummaryWriter(folder)


def make_model():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)


def evaluate(model, x, y):  # accuracy in percent
    with torch.inference_mode():
        right = model.eval()(x.to(device)).argmax(dim=1).cpu() == y
    return round(100 * right.float().mean().item(), 2)


def run(seed, lr):
    torch.manual_seed(seed)  # the same seed for both rates: a pair
    model, order = make_model(), torch.Generator().manual_seed(seed)
    optimizer, curve = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0), []
    with create_writer(f"rate {lr}, seed {seed}") as writer:
        for epoch in range(1, 6):
            model.train()
            for x, y in DataLoader(train_set, batch_size=50, shuffle=True, generator=order):
                loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            curve.append(evaluate(model, images[2000:4000], labels[2000:4000]))  # for validation
            writer.add_scalar("valid/accuracy", curve[-1], epoch)
    with Path("runs.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"lr": lr, "seed": seed, "curve": curve, **surroundings}) + "\n")
    return curve[-1], model


runs = {(lr, seed): run(seed, lr) for seed in range(3) for lr in (0.001, 0.003)}
gains = torch.tensor([runs[0.003, seed][0] - runs[0.001, seed][0] for seed in range(3)])  # [3]
half = stats.t.ppf(0.975, df=len(gains) - 1) * gains.std() / len(gains) ** 0.5
print(f"0.003 instead of 0.001: {gains.mean():+.1f} ± {half:.1f} points")
best = max(runs, key=lambda name: runs[name][0])  # the best accuracy in validation
torch.save(runs[best][1].state_dict(), "best.pt")
model = make_model()
model.load_state_dict(torch.load("best.pt", map_location=device, weights_only=True))
test = FashionMNIST("data", train=False, download=True)
x, y = test.data.unsqueeze(1) / 255, test.targets  # [10000, 1, 28, 28]
always = 100 * (y == labels[:2000].bincount().argmax()).float().mean()
print(f"test {evaluate(model, x, y):.1f} %, always one class {always:.1f} %")
sure, answer = model(x[:1].to(device))[0].softmax(dim=0).max(dim=0)
print(f"{test.classes[answer]}, {100 * sure:.0f} % sure; truth: {test.classes[y[0]]}")
