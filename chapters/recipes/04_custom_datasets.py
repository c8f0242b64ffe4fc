"""Learn to sort photos. Put yours into photos/CLASS/, two classes or more, and run this file."""

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
size = 64  # a multiple of 4


def load(path, size):  # the one way from a file to [3, size, size]; black is -1, white paper 0
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    return v2.Compose([v2.Resize(size), v2.CenterCrop(size), v2.PILToTensor()])(photo) / 255 - 1


def tiny_vgg(n_classes, size):  # [B, 3, 64, 64] -> [B, 10, 16, 16] -> [B, 2560] -> [B, n_classes]
    layers = []
    for n_in in (3, 10):  # two blocks, and each halves height and width
        layers += [nn.Conv2d(n_in, 10, kernel_size=3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(10, 10, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(10 * (size // 4) ** 2, n_classes))


def evaluate(model, photos):  # a list of pairs (picture, label), all at once
    model.eval()
    images, labels = next(iter(DataLoader(photos, batch_size=len(photos))))
    with torch.inference_mode():
        logits = model(images.to(device)).cpu()
    return F.cross_entropy(logits, labels), (logits.argmax(dim=1) == labels).float().mean()


folder, train, valid, test, colours = ImageFolder("photos"), [], [], [], []
for label, name in enumerate(folder.classes):
    paths = [path for path, target in folder.samples if target == label]
    assert len(paths) >= 5, f"photos/{name} has {len(paths)} photos, and needs five or more"
    shuffled = [paths[index] for index in torch.randperm(len(paths)).tolist()]
    examples = [(load(path, size), label) for path in shuffled]  # decoded once
    n = len(examples) // 5
    test, valid, train = test + examples[:n], valid + examples[n : 2 * n], train + examples[2 * n :]
    colours.append(torch.stack([x for x, _ in examples[2 * n :]]).mean(dim=(0, 2, 3)))  # [3]
model = tiny_vgg(len(folder.classes), size).to(device, memory_format=torch.channels_last)
optimizer, lowest = torch.optim.Adam(model.parameters(), lr=0.003), float("inf")
for epoch in range(1, 17):
    model.train()
    for images, labels in DataLoader(train, batch_size=25, shuffle=True):
        loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    loss, right = evaluate(model, valid)
    if loss < lowest:  # keep the weights of the best epoch
        lowest, weights = loss, model.state_dict()
        torch.save({"weights": weights, "classes": folder.classes, "size": size}, "photos.pt")
        print(f"epoch {epoch}: validation loss {loss:.3f}, {right:.0%} right")
saved = torch.load("photos.pt", map_location=device, weights_only=True)
model = tiny_vgg(len(saved["classes"]), saved["size"]).to(device)
model.load_state_dict(saved["weights"])
images, truth = next(iter(DataLoader(test, batch_size=len(test))))
nearest = torch.cdist(images.mean(dim=(2, 3)), torch.stack(colours)).argmin(dim=1)
same, always = (nearest == truth).float().mean(), truth.bincount().max() / len(truth)
print(f"test, one run: {evaluate(model, test)[1]:.0%} right")
print(f"by the nearest mean colour: {same:.0%}, always the commonest class: {always:.0%}")
picture = load(shuffled[0], saved["size"]).unsqueeze(0).to(device)  # a test photo, from its file
sure, answer = model(picture).softmax(dim=1)[0].max(dim=0)
print(f"{shuffled[0]}: {saved['classes'][answer]}, {sure:.0%} sure")
