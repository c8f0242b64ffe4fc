"""Learn to sort photos. Put yours into photos/CLASS/*.jpg, two classes or more, and run this."""

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


def read(path):  # the one way from a file to [3, 64, 64], from 0 to 1
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")  # upright, three channels
    return prepare(photo).float() / 255


def block(n_in, n_out):  # halves height and width
    conv_1, conv_2 = nn.Conv2d(n_in, n_out, 3, padding=1), nn.Conv2d(n_out, n_out, 3, padding=1)
    return nn.Sequential(conv_1, nn.ReLU(), conv_2, nn.ReLU(), nn.MaxPool2d(2))


def tiny_vgg(n_classes):  # [B, 3, 64, 64] -> [B, 10, 16, 16] -> [B, 2560] -> [B, n_classes]
    return nn.Sequential(block(3, 10), block(10, 10), nn.Flatten(), nn.Linear(2560, n_classes))


@torch.inference_mode()
def evaluate(model, photos):  # a list of pairs (picture, label)
    images, labels = next(iter(DataLoader(photos, batch_size=len(photos))))  # all at once
    logits = model.eval()(images.to(device)).cpu()
    return F.cross_entropy(logits, labels).item(), (logits.argmax(dim=1) == labels).float().mean()


train, valid, test = [], [], []
classes = sorted(folder.name for folder in Path("photos").iterdir() if folder.is_dir())
for label, name in enumerate(classes):
    paths = sorted(Path("photos", name).glob("*.jpg"))
    order = torch.randperm(len(paths)).tolist()
    for place, index in enumerate(order):
        part = (test, valid, train, train, train)[place % 5]  # like dealing cards
        part.append((read(paths[index]), label))
path = paths[order[0]]  # a test photo, to ask about in the end; or Path("my_photo.jpg")

model = tiny_vgg(len(classes)).to(device, memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
lowest = float("inf")
for epoch in range(1, 21):
    model.train()
    for images, labels in DataLoader(train, batch_size=25, shuffle=True):
        loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    valid_loss, valid_right = evaluate(model, valid)
    if valid_loss < lowest:  # keep the weights of the best epoch
        lowest = valid_loss
        torch.save({"weights": model.state_dict(), "classes": classes}, "photos.pt")
        print(f"epoch {epoch}: validation loss {valid_loss:.3f}, {valid_right:.0%} right")
saved = torch.load("photos.pt", map_location=device, weights_only=True)
model = tiny_vgg(len(saved["classes"])).to(device)
model.load_state_dict(saved["weights"])
counts = torch.tensor([label for _, label in test]).bincount()
always = f"always {classes[counts.argmax()]} {counts.max() / len(test):.0%}"
print(f"test {evaluate(model, test)[1]:.0%}, {always}")  # once
sure, answer = model(read(path).unsqueeze(0).to(device)).softmax(dim=1)[0].max(dim=0)
print(f"{path}: {saved['classes'][answer]}, {sure:.0%} sure")
