"""Learn to sort photos. Put yours into photos/CLASS/, two classes or more, and run this file."""

from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
prepare = v2.Compose([v2.Resize(64), v2.CenterCrop(64), v2.PILToTensor()])


def load(path):  # the one way from a file to [3, 64, 64]; black is -1, white paper 0
    return prepare(ImageOps.exif_transpose(Image.open(path)).convert("RGB")) / 255 - 1


def block(n_in, n_out):  # halves height and width
    conv_1 = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1)
    conv_2 = nn.Conv2d(n_out, n_out, kernel_size=3, padding=1)
    return nn.Sequential(conv_1, nn.ReLU(), conv_2, nn.ReLU(), nn.MaxPool2d(2))


def tiny_vgg(n_classes):  # [B, 3, 64, 64] -> [B, 10, 16, 16] -> [B, 2560] -> [B, n_classes]
    return nn.Sequential(block(3, 10), block(10, 10), nn.Flatten(), nn.Linear(2560, n_classes))


def evaluate(model, photos):  # a list of pairs (picture, label), all at once
    model.eval()
    images, labels = next(iter(DataLoader(photos, batch_size=len(photos))))
    with torch.inference_mode():
        logits = model(images.to(device)).cpu()
    return F.cross_entropy(logits, labels), (logits.argmax(dim=1) == labels).float().mean()


train, valid, test = [], [], []
classes = sorted(folder.name for folder in Path("photos").iterdir() if folder.is_dir())
for label, name in enumerate(classes):
    paths = sorted(Path("photos", name).glob("*.[jJpP]*[gG]"))  # .jpg, .JPG, .jpeg, .png
    shuffled = [paths[index] for index in torch.randperm(len(paths)).tolist()]
    examples = [(load(path), label) for path in shuffled]  # decoded once
    n = len(examples) // 5
    test, valid, train = test + examples[:n], valid + examples[n : 2 * n], train + examples[2 * n :]
one_path = shuffled[0]  # a test photo, for the end
model = tiny_vgg(len(classes)).to(device, memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
lowest = float("inf")
for epoch in range(1, 17):
    model.train()
    for images, labels in DataLoader(train, batch_size=25, shuffle=True):
        loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    loss, right = evaluate(model, valid)
    if loss < lowest:  # keep the weights of the best epoch
        lowest = loss
        torch.save({"weights": model.state_dict(), "classes": classes}, "photos.pt")
        print(f"epoch {epoch}: validation loss {loss:.3f}, {right:.0%} right")
saved = torch.load("photos.pt", map_location=device, weights_only=True)
model = tiny_vgg(len(saved["classes"])).to(device)
model.load_state_dict(saved["weights"])
commonest = torch.tensor([label for _, label in train]).mode().values
always = sum(label == commonest for _, label in test).item() / len(test)
print(f"test, one run: {evaluate(model, test)[1]:.0%}, always {classes[commonest]}: {always:.0%}")
sure, answer = model(load(one_path).unsqueeze(0).to(device)).softmax(dim=1)[0].max(dim=0)
print(f"{one_path}: {saved['classes'][answer]}, {sure:.0%} sure")
