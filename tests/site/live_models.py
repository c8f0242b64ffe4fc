"""Tiny models for the live figures, and the runtime where the figures look for it."""

import gzip
import shutil
import warnings
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "node_modules" / "onnxruntime-web" / "dist"
CLASSES = ("red", "green", "blue")


class MeanColour(nn.Module):
    """Answers with the mean of each channel: uint8 [B, 3, H, W] -> float32 [B, 3]."""

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.float().mean(dim=(2, 3)) / 25


class Halves(nn.Module):
    """Which half is brighter: uint8 [B, 1, 28, 28] -> float32 [B, 2]."""

    def forward(self, pictures: Tensor) -> Tensor:
        pictures = pictures.float() / 255
        halves = [pictures[..., :14], pictures[..., 14:]]
        return torch.stack([half.mean(dim=(1, 2, 3)) for half in halves], dim=1) * 4


def export(model: nn.Module, example: Tensor, path: Path, dynamic: dict[int, object]) -> None:
    """Write a model as ONNX, with some dimensions left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model, (example,), dynamo=True, dynamic_shapes=(dynamic,), verbose=False
        )
    program.save(path)


def prepare(folder: Path) -> None:
    """Give a folder `models` and `onnxruntime`, as the built site has them."""
    models, runtime = folder / "models", folder / "onnxruntime"
    models.mkdir()
    runtime.mkdir()
    open_size = torch.export.Dim.DYNAMIC
    photos = torch.randint(256, (2, 3, 8, 12), dtype=torch.uint8)
    sizes = {0: open_size, 2: open_size, 3: open_size}
    export(MeanColour(), photos, models / "colour.onnx", sizes)
    greys = torch.randint(256, (2, 1, 28, 28), dtype=torch.uint8)
    export(Halves(), greys, models / "halves.onnx", {0: open_size})
    (models / "broken.onnx").write_bytes(b"this is no model")

    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs"):
        shutil.copy(RUNTIME / name, runtime)
    program = (RUNTIME / "ort-wasm-simd-threaded.wasm").read_bytes()
    (runtime / "ort-wasm-simd-threaded.wasm.gz").write_bytes(gzip.compress(program, 1))

    for name, colour in (("red", (200, 20, 20)), ("blue", (10, 10, 240))):
        Image.new("RGB", (40, 30), colour).save(models / f"{name}.png")
    tiles = Image.new("L", (56, 28))
    tiles.paste(255, (0, 0, 14, 28))  # the first is bright at its left, the second at its right
    tiles.paste(255, (42, 0, 56, 28))
    tiles.save(models / "tiles.png")
