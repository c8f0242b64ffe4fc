"""Models for programs without PyTorch: ONNX, checked against PyTorch, and its smaller forms.

All need `pip install torchbook[export]`.
"""

import copy
import importlib
import logging
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Batch = tuple[Tensor, Tensor]

INPUT, OUTPUT = "inputs", "outputs"
WEIGHTY = ("Conv", "Gemm", "MatMul")  # ONNX's layers with weights


class ExportError(RuntimeError):
    """A model could not be exported, or what came out does not answer as it should."""


@dataclass(frozen=True)
class Exported:
    """An ONNX file that was compared with the model it came from.

    Attributes:
        path: the file.
        size: in bytes.
        difference: the largest between an output of the file and the model's.
        batch_sizes: with which they were compared.
    """

    path: Path
    size: int
    difference: float
    batch_sizes: tuple[int, ...]

    def __str__(self) -> str:
        sizes = ", ".join(map(str, self.batch_sizes))
        return (
            f"{self.path}: {self.size / 1000:,.0f} KB, differs from PyTorch by at most "
            f"{self.difference:.1g} (batches of {sizes})"
        )


@dataclass(frozen=True)
class Quantised:
    """An int8 model, and what it cost.

    Attributes:
        path: the file.
        size_before: of the file that it was made of, in bytes.
        size: its own, in bytes.
        accuracy_before: the share of samples that the model was right on before, from 0 to 1.
        accuracy: that of the int8 model.
        agreement: the share of samples on which both give the same answer.
        n: the number of samples.
    """

    path: Path
    size_before: int
    size: int
    accuracy_before: float
    accuracy: float
    agreement: float
    n: int

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.size / 1000:,.0f} KB instead of {self.size_before / 1000:,.0f}, "
            f"accuracy {self.accuracy:.2%} instead of {self.accuracy_before:.2%}, the same answer "
            f"for {self.agreement:.2%} of {self.n:,} samples"
        )


def export_onnx(
    model: nn.Module,
    path: Path | str,
    example_inputs: Tensor,
    *,
    tolerance: float = 1e-4,
    any_size: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> Exported:
    """Write a model as an ONNX file that takes batches of any size.

    The file answers like the model in evaluation mode; the model stays as it is. It is checked, and
    run on the examples in batches of several sizes, before it is moved into place: at `path` there
    is never a file that was not found right.

    Args:
        model: maps a batch of inputs to one tensor, such as logits [B, C].
        path: where the file goes; one that is there is replaced.
        example_inputs: real inputs [N, ...] as the model gets them, at least 2.
        tolerance: the largest difference that is allowed, where outputs are larger than 1 times
            the largest of them.
        any_size: let the pictures [N, C, H, W] of a batch have any height and width, too.
        metadata: texts to keep in the file, such as the names of the classes.

    Raises:
        ImportError: a library for exports is missing; says how to install it.
        ValueError: there are fewer than 2 examples.
        FileNotFoundError: the folder does not exist.
        ExportError: PyTorch cannot export the model, or the file answers otherwise than the model.
    """
    onnx, _ = _needed("onnx"), _needed("onnxscript")
    if len(example_inputs) < 2:
        raise ValueError(
            f"example_inputs must hold at least 2 examples, so that the size of the batch is seen "
            f"to vary, but has shape {list(example_inputs.shape)}"
        )
    model = copy.deepcopy(model).cpu().eval()
    inputs = example_inputs.detach().cpu()
    varies = dict.fromkeys((0, 2, 3) if any_size else (0,), torch.export.Dim.DYNAMIC)
    with _into_place(Path(path)) as file:
        with _quiet():
            try:
                program = torch.onnx.export(
                    model,
                    (_oblong(inputs[:2]) if any_size else inputs[:2],),
                    dynamo=True,
                    dynamic_shapes=(varies,),
                    input_names=[INPUT],
                    output_names=[OUTPUT],
                    verbose=False,
                )
            except Exception as error:  # PyTorch's exporter raises what its many parts raise
                raise ExportError(
                    f"PyTorch cannot export this {type(model).__name__}: {_first_line(error)}"
                ) from error
            written = program.model_proto
        for key, value in (metadata or {}).items():
            written.metadata_props.add(key=key, value=value)
        onnx.checker.check_model(written, full_check=True)
        onnx.save(written, file)
        difference, batch_sizes = _compare(model, file, inputs, tolerance)
        if any_size:
            difference = max(difference, _compare(model, file, _oblong(inputs), tolerance)[0])
    return Exported(Path(path), Path(path).stat().st_size, difference, batch_sizes)


def _oblong(pictures: Tensor) -> Tensor:
    """Return the upper two thirds: pictures of another size and shape."""
    return pictures[:, :, : -(-2 * pictures.shape[2] // 3)].contiguous()


def _compare(
    model: nn.Module, file: Path, inputs: Tensor, tolerance: float
) -> tuple[float, tuple[int, ...]]:
    """Return the largest difference on batches of several sizes; raise if it is too large."""
    run = session(file)
    batch_sizes = tuple(sorted({1, 2, 3, len(inputs)} - set(range(len(inputs) + 1, 4))))
    largest = 0.0
    for size in batch_sizes:
        with torch.inference_mode():
            expected = model(inputs[:size]).numpy()
        came = _answers(run, inputs[:size])
        if came.shape != expected.shape:
            raise ExportError(
                f"the exported model answers a batch of {size} with shape {list(came.shape)}, "
                f"PyTorch with {list(expected.shape)}: something in its forward fixes the size of "
                "the batch. Nothing was written"
            )
        difference = float(np.abs(came - expected).max())
        allowed = tolerance * max(1.0, float(np.abs(expected).max()))
        if not difference <= allowed:  # also if it is not a number
            raise ExportError(
                f"the exported model differs from PyTorch by {difference:.2g} on a batch of "
                f"{size}, more than the {allowed:.2g} allowed. Nothing was written"
            )
        largest = max(largest, difference)
    return largest, batch_sizes


def halve_weights(onnx_path: Path | str, path: Path | str) -> int:
    """Write an ONNX model whose weights take half the room, as float16; it computes in float32.

    When the file is loaded, the weights become float32 again: each is rounded to 11 binary digits,
    and nothing else changes. The model is not faster for it.

    Args:
        onnx_path: a file that `export_onnx` wrote.
        path: where the smaller file goes; one that is there is replaced.

    Returns:
        The size of the new file in bytes.

    Raises:
        ImportError: a library for exports is missing; says how to install it.
        FileNotFoundError: there is no such model, or the folder does not exist.
        ExportError: a weight is too large for float16, whose largest number is 65,504.
    """
    onnx = _needed("onnx")
    model = onnx.load(_existing(onnx_path))
    widen = []
    for stored in model.graph.initializer:
        if (
            stored.data_type != onnx.TensorProto.FLOAT
            or onnx.numpy_helper.to_array(stored).size < 64
        ):
            continue  # a few numbers, such as biases, are not worth it
        weights = onnx.numpy_helper.to_array(stored)
        if not np.abs(weights).max() <= np.finfo(np.float16).max:
            raise ExportError(f"{stored.name} in {onnx_path} has weights too large for float16")
        name = stored.name
        stored.CopyFrom(onnx.numpy_helper.from_array(weights.astype(np.float16), f"{name}_half"))
        widen.append(
            onnx.helper.make_node("Cast", [stored.name], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*widen, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    with _into_place(Path(path)) as file:
        onnx.save(model, file)
        onnx.checker.check_model(file, full_check=True)
    return Path(path).stat().st_size


def quantize_int8(
    onnx_path: Path | str,
    path: Path | str,
    calibration: Iterable[Tensor],
    batches: Iterable[Batch],
) -> Quantised:
    """Write an ONNX model with 8-bit integers in place of floats, and measure what that costs.

    Weights get a scale for each channel. Activations get theirs from the calibration inputs, which
    should be training examples; those that decide what it cost should be others. What comes before
    the first layer with weights, such as preprocessing, stays in floats. (The other way,
    scales found anew for each batch, needs no calibration. For our networks it gave slightly more
    of the same answers, but took longer than fixed scales.) Whether int8 is also faster than the
    floats depends on the processor and the model: measure it.

    Args:
        onnx_path: a file that `export_onnx` wrote, of a classifier.
        path: where the int8 model goes; a file that is there is replaced.
        calibration: batches of inputs [B, ...]; a few hundred examples do.
        batches: (inputs [B, ...], labels [B]), on which both models are compared.

    Raises:
        ImportError: a library for exports is missing; says how to install it.
        ValueError: there is no batch to calibrate or to compare with.
        FileNotFoundError: there is no such model, or the folder does not exist.
        ExportError: the model cannot be quantised.
    """
    _needed("onnx")
    _needed("onnxruntime")
    onnx_path = _existing(onnx_path)
    calibration = [inputs.detach().cpu().numpy() for inputs in calibration]
    if not calibration:
        raise ValueError("calibration holds no batch: give some inputs of the training split")
    with _into_place(Path(path)) as file:
        with _quiet():
            try:
                _quantise(onnx_path, file, calibration)
            except Exception as error:  # onnxruntime's tools raise what their many parts raise
                raise ExportError(
                    f"{onnx_path} cannot be quantised: {_first_line(error)}"
                ) from error
        right_before, right, same, n = _count(session(onnx_path), session(file), batches)
        size = file.stat().st_size
    return Quantised(
        Path(path),
        size_before=onnx_path.stat().st_size,
        size=size,
        accuracy_before=right_before / n,
        accuracy=right / n,
        agreement=same / n,
        n=n,
    )


def _quantise(source: Path, destination: Path, calibration: list[np.ndarray]) -> None:
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        """Hands out the calibration inputs one after the other."""

        def __init__(self) -> None:
            self.left = iter(calibration)

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self.left, None)
            return None if batch is None else {INPUT: batch}

    with tempfile.TemporaryDirectory() as folder:
        simpler = Path(folder) / "simpler.onnx"
        quant_pre_process(source, simpler)
        nodes = _needed("onnx").load(simpler).graph.node
        weighty = [i for i, node in enumerate(nodes) if node.op_type in WEIGHTY]
        quantization.quantize_static(
            simpler,
            destination,
            Reader(),
            # Where the weights and the work are, and what stands between two of them: each change
            # from integers to floats and back takes time and rounds once more.
            op_types_to_quantize=[*WEIGHTY, "Add", "Clip", "MaxPool", "ReduceMean", "Relu"],
            nodes_to_exclude=[node.name for node in nodes[: weighty[0] if weighty else 0]],
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )


def _count(
    before: "InferenceSession", after: "InferenceSession", batches: Iterable[Batch]
) -> tuple[int, int, int, int]:
    """Count where each model is right, where both agree, and all samples."""
    counts = np.zeros(4, dtype=int)
    for inputs, labels in batches:
        one, two = (_answers(run, inputs).argmax(axis=1) for run in (before, after))
        right = labels.cpu().numpy()
        counts += [(one == right).sum(), (two == right).sum(), (one == two).sum(), len(right)]
    if not counts[-1]:
        raise ValueError("batches holds no batch: give some of the validation split")
    return tuple(counts.tolist())


def session(path: Path | str, n_threads: int | None = None) -> "InferenceSession":
    """Open an ONNX model for onnxruntime on the CPU, without its chatter.

    Args:
        path: the file.
        n_threads: how many threads work on one batch; as many as there are cores by default.

    Raises:
        ImportError: onnxruntime is missing; says how to install it.
    """
    runtime = _needed("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors only
    options.intra_op_num_threads = n_threads or 0
    return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _answers(run: "InferenceSession", inputs: Tensor) -> np.ndarray:
    return run.run([OUTPUT], {INPUT: inputs.detach().cpu().contiguous().numpy()})[0]


def _existing(path: Path | str) -> Path:
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no ONNX model at {path}")
    return Path(path)


def _needed(name: str) -> Any:
    """Import a library that only exports need."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"to export models, {name} is missing. To install what is needed: "
            'pip install "torchbook[export]"'
        ) from error


@contextmanager
def _into_place(path: Path) -> Iterator[Path]:
    """Yield a file to write to; move it to `path` if all went well, else leave nothing behind."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder of {path} does not exist: make it first")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        file = Path(folder) / path.name
        yield file
        file.replace(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporters tell their makers away from those who use them."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
