"""Train a CNN on Fashion-MNIST, test it once, save it, and name a picture with it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, random_split
from torchvision.datasets import FashionMNIST
from torchvision.transforms import ToTensor

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
published = FashionMNIST("data", train=True, download=True, transform=ToTensor())
test_set = FashionMNIST("data", train=False, download=True, transform=ToTensor())
train_set, valid_set = random_split(published, [55_000, 5_000])


class CNN(nn.Module):
    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.norm2 = nn.BatchNorm2d(32)
        self.classifier = nn.Linear(32 * 7 * 7, n_classes)

    def forward(self, x: Tensor) -> Tensor:  # [B, 1, 28, 28], from 0 (black) to 1 (white)
        x = self.norm1(F.max_pool2d(self.conv1(x), 2)).relu()  # [B, 16, 14, 14]
        x = self.norm2(F.max_pool2d(self.conv2(x), 2)).relu()  # [B, 32, 7, 7]
        return self.classifier(x.flatten(1))  # logits, [B, n_classes]


def train(model: nn.Module, dataset: Dataset, optimizer: torch.optim.Optimizer) -> float:
    model.train()
    loss_sum = 0.0
    for images, labels in DataLoader(dataset, batch_size=128, shuffle=True):
        images, labels = images.to(device), labels.to(device)  # [B, 1, 28, 28] and [B]
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)  # a mean, times its size
    return float(loss_sum / len(dataset))


@torch.inference_mode()
def evaluate(model: nn.Module, dataset: Dataset) -> float:
    model.eval()
    n_right = 0
    for images, labels in DataLoader(dataset, batch_size=500):
        images, labels = images.to(device), labels.to(device)
        n_right += (model(images).argmax(dim=1) == labels).sum()
    return float(n_right / len(dataset))


model = CNN(len(published.classes)).to(device, memory_format=torch.channels_last)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
for epoch in range(1, 3):
    loss = train(model, train_set, optimizer)
    print(f"epoch {epoch}: loss {loss:.3f}, validation {evaluate(model, valid_set):.1%}")
baseline = (test_set.targets == published.targets.mode().values).float().mean()
print(f"test {evaluate(model, test_set):.1%}, always the commonest class {baseline:.1%}")  # once

torch.save(model.state_dict(), "fashion.pt")
loaded = CNN(len(published.classes)).to(device).eval()
loaded.load_state_dict(torch.load("fashion.pt", map_location=device, weights_only=True))
image, label = test_set[0]  # [1, 28, 28] and a number
with torch.inference_mode():
    logits = loaded(image[None].to(device))[0]  # [1, 1, 28, 28] -> [1, 10] -> [10]
sure, answer = logits.softmax(dim=0).max(dim=0)
print(f"says {published.classes[answer]}, {sure:.0%} sure; truth: {published.classes[label]}")
