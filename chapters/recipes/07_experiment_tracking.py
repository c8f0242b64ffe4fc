"""Compare two learning rates over three seeds, log every run, keep the best model and use it."""

from datetime import datetime
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.tensorboard import SummaryWriter
from torchvision.datasets import FashionMNIST

torch.set_num_threads(1)  # so small a network is fastest on a single core
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
published = FashionMNIST("data", train=True, download=True)
images, labels = published.data.unsqueeze(1) / 255, published.targets  # [60000, 1, 28, 28]
train_set = TensorDataset(images[:2000], labels[:2000])
folder = Path("runs", datetime.now().strftime("%Y-%m-%d %H-%M-%S"))  # tensorboard --logdir runs
folder.mkdir(parents=True)
log = folder / "runs.csv"
log.write_text("lr,seed,accuracy,torch,device\n")


def make_model():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def evaluate(model, x, y):  # the share of right answers
    model.eval()
    with torch.inference_mode():
        return (model(x.to(device)).argmax(dim=1).cpu() == y).float().mean().item()


def train(lr, seed, writer):
    torch.manual_seed(seed)  # the same first weights and order for both rates: a pair
    model = make_model().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    for epoch in range(1, 6):
        model.train()
        for x, y in DataLoader(train_set, batch_size=50, shuffle=True):
            loss = F.cross_entropy(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        accuracy = evaluate(model, images[2000:4000], labels[2000:4000])  # for validation
        writer.add_scalar("accuracy/valid", accuracy, epoch)
    return model, accuracy


scores = {0.001: [], 0.003: []}  # validation accuracies by rate
for seed in range(3):
    for lr in scores:
        with SummaryWriter(folder / f"lr {lr}, seed {seed}") as writer:
            model, accuracy = train(lr, seed, writer)
        scores[lr].append(accuracy)
        with log.open("a") as file:
            file.write(f"{lr},{seed},{accuracy:.4f},{torch.__version__},{device}\n")
        if accuracy == max(scores[0.001] + scores[0.003]):  # the best so far
            torch.save(model.state_dict(), folder / "best.pt")
gains = 100 * (torch.tensor(scores[0.003]) - torch.tensor(scores[0.001]))  # [3], pair by pair
half = 4.30 * gains.std() / 3**0.5  # of the 95 % interval; 4.30 is Student's t for three pairs
print(f"0.003 gains {gains.mean():+.1f} ± {half:.1f} points; all runs are in {log.name}")
model = make_model().to(device)
model.load_state_dict(torch.load(folder / "best.pt", map_location=device, weights_only=True))
test = FashionMNIST("data", train=False, download=True)
test_images = test.data.unsqueeze(1) / 255  # [10000, 1, 28, 28]
always = (test.targets == labels[:2000].mode().values).float().mean()
print(f"test {evaluate(model, test_images, test.targets):.1%}, always one class {always:.1%}")
sure, answer = model(test_images[:1].to(device))[0].softmax(dim=0).max(dim=0)
print(f"{test.classes[answer]}, {sure:.0%} sure; truth: {test.classes[test.targets[0]]}")
