"""Learn to sort the photos in photos/CLASS/, save after each epoch, then name one photo."""

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import nn
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

prepare = v2.Compose([v2.Resize(64), v2.CenterCrop(64), v2.PILToTensor()])


def read(path):  # the one way from a file to [3, 64, 64], from -1 to 0; white paper is 0
    return prepare(ImageOps.exif_transpose(Image.open(path)).convert("RGB")) / 255 - 1


def save(path, model, optimizer, epoch, classes):  # the whole file, or nothing
    saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
    torch.save({**saved, "random": torch.get_rng_state(), "classes": classes}, f"{path}.unfinished")
    Path(f"{path}.unfinished").replace(path)


def resume(path, model, optimizer):  # returns the number of epochs that are done
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"])
    return saved["epoch"]


def main():
    parser = argparse.ArgumentParser(description="Sort the photos in photos/CLASS/.")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--resume", action="store_true", help="go on from photos.pt, if it's there")
    parser.add_argument("--ask", help="a photo to name at the end")
    options = parser.parse_args()
    if Path("photos.pt").exists() and not options.resume:
        parser.error("photos.pt is there already: add --resume, or move it away")
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    photos = ImageFolder("photos", loader=read)  # sorted by class
    examples = list(photos)  # each file is opened once
    valid, train = examples[::5], [pair for place, pair in enumerate(examples) if place % 5]
    images, labels = next(iter(torch.utils.data.DataLoader(valid, batch_size=len(valid))))
    torch.manual_seed(0)
    layers = []
    for n_in in (3, 10):  # two blocks; each halves height and width
        layers += [nn.Conv2d(n_in, 10, kernel_size=3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(10, 10, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(2560, len(photos.classes))).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    n_done = resume("photos.pt", model, optimizer) if Path("photos.pt").exists() else 0
    for epoch in range(n_done + 1, options.epochs + 1):
        for x, y in torch.utils.data.DataLoader(train, batch_size=25, shuffle=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
        save("photos.pt", model, optimizer, epoch, photos.classes)
        with torch.inference_mode():  # no dropout here, so train() and eval() would change nothing
            answers = model(images.to(device)).argmax(dim=1).cpu()
        print(f"epoch {epoch}: {(answers == labels).float().mean():.0%} of {len(valid)} right")
    print(f"always the commonest class: {labels.bincount().max() / len(labels):.0%} right")
    path = options.ask or photos.samples[0][0]
    sure, answer = model(read(path).unsqueeze(0).to(device)).softmax(dim=1)[0].max(dim=0)
    print(f"{path}: {photos.classes[answer]}, {sure:.0%} sure")


if __name__ == "__main__":
    main()
