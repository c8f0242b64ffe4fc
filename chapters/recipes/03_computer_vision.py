"""Train a CNN on Fashion-MNIST, test it once, save it, and name a picture with it."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset, random_split
from torchvision.datasets import FashionMNIST

N_TRAIN = 55_000  # try it on 5_000 first: that takes seconds, but costs several points
N_EPOCHS = 2
torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"


def read(train):  # a data set of pictures [1, 28, 28] from 0 to 1, with labels; and the names
    published = FashionMNIST("data", train=train, download=True)
    pictures = published.data.unsqueeze(1) / 255  # [N, 28, 28] -> [N, 1, 28, 28]
    return TensorDataset(pictures, published.targets), published.classes


def conv_block(n_in, n_out, pool):
    conv = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1, bias=False)
    halve = nn.MaxPool2d(2) if pool else nn.Identity()
    return nn.Sequential(conv, halve, nn.BatchNorm2d(n_out), nn.ReLU())


def small_cnn(n_classes):  # [B, 1, 28, 28] -> logits [B, n_classes]
    large, smaller = conv_block(1, 8, pool=True), conv_block(8, 16, pool=True)
    wide, deep = conv_block(16, 32, pool=False), conv_block(32, 32, pool=False)  # [B, 32, 7, 7]
    return nn.Sequential(large, smaller, wide, deep, nn.Flatten(), nn.Linear(32 * 7 * 7, n_classes))


def evaluate(model, dataset):
    model.eval()
    n_right = 0
    with torch.inference_mode():
        for images, labels in DataLoader(dataset, batch_size=500):
            n_right += (model(images.to(device)).argmax(dim=1) == labels.to(device)).sum()
    return n_right / len(dataset)


everything, classes = read(train=True)
train_set, valid_set = random_split(everything, [55_000, 5_000])
loader = DataLoader(Subset(train_set, range(N_TRAIN)), batch_size=64, shuffle=True)
model = small_cnn(len(classes)).to(device, memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters())  # the schedule sets its rate
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, N_EPOCHS * len(loader))
for epoch in range(1, N_EPOCHS + 1):
    model.train()
    for images, labels in loader:  # [B, 1, 28, 28] and [B]
        coin = torch.rand(len(images), 1, 1, 1) < 0.5
        images = torch.where(coin, images.flip(3), images)  # mirror a random half
        loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"epoch {epoch}: validation {evaluate(model, valid_set):.1%}")
test_set, _ = read(train=False)
commonest = everything.tensors[1].bincount().argmax()
baseline = (test_set.tensors[1] == commonest).float().mean()
print(f"test {evaluate(model, test_set):.1%}, always {classes[commonest]} {baseline:.1%}")  # once
torch.save({"weights": model.state_dict(), "classes": classes}, "fashion.pt")
saved = torch.load("fashion.pt", map_location=device, weights_only=True)
loaded = small_cnn(len(saved["classes"])).to(device).eval()
loaded.load_state_dict(saved["weights"])
picture, label = test_set[0]  # [1, 28, 28] and a number
logits = loaded(picture.unsqueeze(0).to(device))  # [1, 10]
sure, answer = logits.softmax(dim=1)[0].max(dim=0)
print(f"says {saved['classes'][answer]}, {sure:.0%} sure; truth: {classes[label]}")
