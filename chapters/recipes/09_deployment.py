"""From photos/CLASS/*.jpg to an ONNX file that takes bytes of any size, and to app.py."""

import runpy
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.io import decode_image

APP = """import gradio as gr
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession("photos.onnx")
notes = session.get_modelmeta().custom_metadata_map
classes, threshold = notes["classes"].split(", "), float(notes["threshold"])
def predict(photo):  # uint8 [H, W, 3]
    logits = session.run(None, {"inputs": photo.transpose(2, 0, 1)[np.newaxis]})[0][0]
    powers = np.exp(logits - logits.max())
    p = powers / powers.sum()
    best = classes[p.argmax()]
    sentence = best if p.max() >= threshold else f"I'm not sure. Perhaps {best}?"
    return sentence, dict(zip(classes, p.tolist(), strict=True))
demo = gr.Interface(predict, gr.Image(type="numpy"), ["text", "label"], analytics_enabled=False)
if __name__ == "__main__":
    demo.launch(max_file_size="20mb")"""


class Preprocess(nn.Module):  # it travels with the model
    def forward(self, photos):  # uint8 [B, 3, H, W]
        x = F.interpolate(photos.float(), (64, 64), mode="bicubic", antialias=True)
        return x.clamp(0, 255) / 127.5 - 1


paths = sorted(Path("photos").glob("*/*.jpg"))
classes = sorted({path.parent.name for path in paths})
labels = torch.tensor([classes.index(path.parent.name) for path in paths])
photos = [decode_image(path, "RGB", apply_exif_orientation=True).unsqueeze(0) for path in paths]
x = torch.cat([Preprocess()(photo) for photo in photos])  # float32 [N, 3, 64, 64]
held_out = photos[::5]
train = torch.tensor([index for index in range(len(paths)) if index % 5 != 0])
torch.manual_seed(0)
first = nn.Sequential(nn.Conv2d(3, 10, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
second = nn.Sequential(nn.Conv2d(10, 10, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
network = nn.Sequential(first, second, nn.Flatten(), nn.Linear(2560, len(classes)))
optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
for _ in range(16):
    for chosen in train[torch.randperm(len(train))].split(25):
        loss = F.cross_entropy(network(x[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
model = nn.Sequential(Preprocess(), network).eval()
expected = torch.cat([model(photo).detach() for photo in held_out])
example = torch.zeros(2, 3, 90, 70, dtype=torch.uint8)
axes = dict.fromkeys((0, 2, 3), torch.export.Dim.DYNAMIC)  # batch, height and width stay open
options = {"dynamo": True, "external_data": False, "verbose": False, "input_names": ["inputs"]}
torch.onnx.export(model, (example,), "photos.onnx", dynamic_shapes=(axes,), **options)
threshold = expected.softmax(dim=1).amax(dim=1).quantile(0.05).item()
file = onnx.load("photos.onnx")
onnx.helper.set_model_props(file, {"classes": ", ".join(classes), "threshold": f"{threshold:.3f}"})
onnx.save(file, "photos.onnx")
Path("app.py").write_text(APP)  # "python app.py" starts it
app = runpy.run_path("app.py")  # here it's only loaded, to ask it without PyTorch
outputs = [app["session"].run(None, {"inputs": photo.numpy()})[0] for photo in held_out]
outputs = torch.cat([torch.from_numpy(array) for array in outputs])
right = (outputs.argmax(dim=1) == labels[::5]).float().mean()
print(f"right: {right:.0%}; from PyTorch at most {(outputs - expected).abs().max():.1g} away")
print(app["predict"](held_out[0][0].permute(1, 2, 0).numpy()))
