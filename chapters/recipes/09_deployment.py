"""From photos/CLASS/*.jpg to an ONNX file that takes bytes, and to an answer without PyTorch."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader


def read(path):  # NumPy and Pillow only, so that the server can use it too
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    pixels = np.array(ImageOps.fit(photo, (64, 64)))  # uint8 [64, 64, 3]
    return pixels.transpose(2, 0, 1)  # [3, 64, 64]


class Classifier(nn.Module):  # bytes in, logits out: the scaling travels with the model
    def __init__(self, n_classes):
        super().__init__()
        layers = []
        for n_in, n_out in ((3, 10), (10, 10)):
            layers += [nn.Conv2d(n_in, n_out, kernel_size=3, padding=1), nn.ReLU()]
            layers += [nn.Conv2d(n_out, n_out, kernel_size=3, padding=1), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(2560, n_classes))

    def forward(self, photos):  # uint8 [B, 3, 64, 64]
        return self.layers(photos.float() / 127.5 - 1)


torch.manual_seed(0)
classes = sorted(folder.name for folder in Path("photos").iterdir() if folder.is_dir())
train, held_out = [], []
for label, name in enumerate(classes):
    for index, path in enumerate(sorted(Path("photos", name).glob("*.jpg"))):
        part = held_out if index % 5 == 0 else train
        part.append((read(path), label))
model = Classifier(len(classes))
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for epoch in range(1, 17):
    for photos, labels in DataLoader(train, batch_size=25, shuffle=True):
        loss = F.cross_entropy(model(photos), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 4 == 0:
        print(f"epoch {epoch}: loss {loss:.2f}")
model.eval()
photos, labels = next(iter(DataLoader(held_out, batch_size=len(held_out))))
with torch.inference_mode():
    expected = model(photos).numpy()
shapes = ({0: torch.export.Dim.DYNAMIC},)  # batches of any size
program = torch.onnx.export(model, (photos[:2],), dynamo=True, dynamic_shapes=shapes, verbose=False)
program.model.metadata_props["classes"] = ",".join(classes)
program.save("photos.onnx")
photos, labels = photos.numpy(), labels.numpy()

# From here on without PyTorch: this is what goes onto the server, with read().
session = onnxruntime.InferenceSession("photos.onnx")
names = session.get_modelmeta().custom_metadata_map["classes"].split(",")
feed = session.get_inputs()[0].name
logits = session.run(None, {feed: photos})[0]
print(f"differs from PyTorch by at most {np.abs(logits - expected).max():.1g}")
print(f"right about {(logits.argmax(axis=1) == labels).mean():.0%} of the held-out photos")
path = sorted(Path("photos", names[0]).glob("*.jpg"))[0]
powers = np.exp(session.run(None, {feed: read(path)[np.newaxis]})[0][0])
print(f"{path}: {names[powers.argmax()]}, {powers.max() / powers.sum():.0%} sure")
