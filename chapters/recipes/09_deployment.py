"""From photos/CLASS/*.jpg to photos.onnx, which takes bytes of any size and needs no PyTorch."""

from pathlib import Path

import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.io import decode_image


class Preprocess(nn.Module):  # it travels with the model
    def forward(self, photos):  # uint8 [B, 3, H, W]
        height, width = photos.shape[2:]
        shorter = torch.sym_min(height, width)  # min() of sizes that aren't known yet
        height, width = 64 * height // shorter, 64 * width // shorter
        x = F.interpolate(photos.float(), (height, width), mode="bicubic", antialias=True)
        rows = (height - 64) // 2 + torch.arange(64)
        columns = (width - 64) // 2 + torch.arange(64)
        x = x[:, :, rows][:, :, :, columns]  # the middle: [B, 3, 64, 64]
        return x.clamp(0, 255) / 127.5 - 1


paths = sorted(Path("photos").glob("*/*.jpg"))
classes = sorted({path.parent.name for path in paths})
labels = torch.tensor([classes.index(path.parent.name) for path in paths])
photos, inputs = [], []
for path in paths:  # turned upright, as app.py does it
    photo = decode_image(path, "RGB", apply_exif_orientation=True).unsqueeze(0)
    photos.append(photo)  # uint8 [1, 3, H, W]
    inputs.append(Preprocess()(photo))  # float32 [1, 3, 64, 64]
inputs = torch.cat(inputs)
torch.manual_seed(0)
fifth = len(paths) // 5
valid, test, train = torch.randperm(len(paths)).split([fifth, fifth, len(paths) - 2 * fifth])
first = nn.Sequential(nn.Conv2d(3, 10, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
second = nn.Sequential(nn.Conv2d(10, 10, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
network = nn.Sequential(first, second, nn.Flatten(), nn.Linear(2560, len(classes)))
optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
for _ in range(16):
    for batch in train[torch.randperm(len(train))].split(25):
        loss = F.cross_entropy(network(inputs[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
model = nn.Sequential(Preprocess(), network).eval()
example = torch.zeros(2, 3, 90, 70, dtype=torch.uint8)  # its pixels don't count
size = torch.export.Dim.DYNAMIC
options = {"input_names": ["inputs"], "dynamo": True, "external_data": False, "verbose": False}
shapes = ({0: size, 2: size, 3: size},)  # batch, height and width stay open
torch.onnx.export(model, (example,), "photos.onnx", dynamic_shapes=shapes, **options)
with torch.no_grad():
    sure = network(inputs[valid]).softmax(dim=1).amax(dim=1)
    expected = torch.cat([model(photos[i]) for i in test])  # [N, C]
file = onnx.load("photos.onnx")
file.metadata_props.add(key="classes", value=", ".join(classes))
file.metadata_props.add(key="threshold", value=f"{sure.quantile(0.05):.3f}")
onnx.save(file, "photos.onnx")
session = onnxruntime.InferenceSession("photos.onnx")
outputs = []
for i in test:
    outputs.append(torch.from_numpy(session.run(None, {"inputs": photos[i].numpy()})[0]))
outputs = torch.cat(outputs)
away = (outputs - expected).abs().max() / expected.abs().max()
assert away < 0.01, "the file doesn't say what PyTorch says"
right = (outputs.argmax(dim=1) == labels[test]).float().mean()
print(f"{right:.0%} of {len(test)} test photos right; logits within {away:.4%} of PyTorch's")
p = outputs[0].softmax(dim=0)
print(f"{paths[test[0]].name} shows: {classes[p.argmax()]}, {p.max():.0%} sure")
