"""Learn to sort the photos in photos/CLASS/, save after each epoch, then name one photo.

After a kill, --resume goes on. When all epochs are done, --resume --ask PHOTO only answers.
"""

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

prepare = v2.Compose([v2.Resize(64), v2.CenterCrop(64), v2.PILToTensor()])


def read(path):  # the one way from a file to [3, 64, 64], from -1 to 0; white paper is 0
    return prepare(ImageOps.exif_transpose(Image.open(path)).convert("RGB")) / 255 - 1


def tiny_vgg(n_classes):  # [B, 3, 64, 64] -> [B, 10, 16, 16] -> [B, 2560] -> [B, n_classes]
    layers = []
    for n_in in (3, 10):  # two blocks; each halves height and width
        layers += [nn.Conv2d(n_in, 10, kernel_size=3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(10, 10, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2560, n_classes))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--lr", type=float, default=0.003, help="learning rate")
    parser.add_argument("--resume", action="store_true", help="go on from photos.pt")
    parser.add_argument("--ask", metavar="PHOTO", help="a photo to name at the end")
    options = parser.parse_args()
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    photos = ImageFolder("photos", loader=read)  # sorted by class
    examples = list(photos)  # each file is opened once
    valid, learn = examples[::5], [pair for place, pair in enumerate(examples) if place % 5]
    images, labels = next(iter(DataLoader(valid, batch_size=len(valid))))  # all at once
    print(f"always {photos.classes[0]}: {(labels == 0).float().mean():.0%} right")
    torch.manual_seed(0)
    model = tiny_vgg(len(photos.classes)).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    n_done = 0
    if options.resume:
        saved = torch.load("photos.pt", map_location="cpu", weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
        n_done = saved["epoch"]
    for epoch in range(n_done + 1, options.epochs + 1):
        for x, y in DataLoader(learn, batch_size=25, shuffle=True):
            loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.inference_mode():  # without dropout, train() and eval() aren't needed
            right = (model(images.to(device)).argmax(dim=1).cpu() == labels).float().mean()
        print(f"epoch {epoch}: {right:.0%} of {len(valid)} validation photos right")
        saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
        saved |= {"random": torch.get_rng_state(), "classes": photos.classes}
        torch.save(saved, "photos.pt.unfinished")
        Path("photos.pt.unfinished").replace("photos.pt")  # all of it, or nothing
    path = options.ask or photos.samples[0][0]
    probabilities = model(read(path).unsqueeze(0).to(device)).softmax(dim=1)[0]  # [n_classes]
    sure, answer = probabilities.max(dim=0)
    print(f"{path}: {photos.classes[answer]}, {sure:.0%} sure")
