"""ONNX files for programs without PyTorch: checked against PyTorch, and made smaller.

All functions need `pip install "torchbook[export]"`.
"""

import contextlib
import copy
import io
import linecache
import logging
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.nn.parameter import is_lazy

from torchbook.apps._extras import require

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Batch = tuple[Tensor, Tensor]

INPUT, OUTPUT = "inputs", "outputs"
WEIGHT_LAYERS = ("Conv", "Gemm", "MatMul")  # ONNX's operators with weights


class ExportError(RuntimeError):
    """A model cannot be exported or quantised, or the file does not give the model's outputs."""


@dataclass(frozen=True)
class Exported:
    """An ONNX file that was compared with its model.

    Attributes:
        path: the file.
        size: of the file, in bytes.
        difference: the largest absolute difference between an output of the file and the model's.
        batch_sizes: the sizes of the batches that were compared.
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
class Quantized:
    """An int8 model compared with the float model that it was made from.

    Attributes:
        path: the file.
        size_before: of the float model's file, in bytes.
        size: of the int8 model's file, in bytes.
        accuracy_before: the share of samples that the float model classifies correctly, 0 to 1.
        accuracy: the same for the int8 model.
        agreement: the share of samples for which both predict the same class, 0 to 1.
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

    The file computes what the model computes in evaluation mode; the model is not changed. Before
    the file is moved to `path`, its outputs are compared with the model's on batches of several
    sizes, so a file that is wrong never gets there.

    Args:
        model: maps a batch of inputs [B, ...] to one tensor of floats [B, ...], such as logits.
        path: the file to write, or to replace.
        example_inputs: real inputs [N, ...] of the model, at least 2.
        tolerance: the largest difference allowed, relative to the largest output if above 1.
        any_size: let images [N, C, H, W] have any height and width, too.
        metadata: texts to keep in the file, such as the names of the classes.

    Raises:
        ImportError: a library for exports is missing; says how to install it.
        ValueError: there are fewer than 2 examples.
        FileNotFoundError: the folder does not exist.
        ExportError: the model cannot be exported, and why; or the outputs of the file differ.
    """
    onnx, *_ = [require(name, "export") for name in ("onnx", "onnxscript", "onnxruntime")]
    if len(example_inputs) < 2:
        raise ValueError(
            "example_inputs must hold at least 2 examples, to check that the batch size can vary, "
            f"but has shape {list(example_inputs.shape)}"
        )
    model = _copy_on_cpu(model)
    inputs = {"example_inputs": example_inputs.detach().cpu()}
    if any_size:
        images = inputs["example_inputs"]
        upper = images[:, :, : -(-2 * images.shape[2] // 3)].contiguous()
        inputs["images of another height (any_size=True)"] = upper
    expected = [_outputs_by_batch_size(model, *named) for named in inputs.items()]
    with _into_place(Path(path)) as file:
        varying = dict.fromkeys((0, 2, 3) if any_size else (0,), torch.export.Dim.DYNAMIC)
        *_, examples = inputs.values()
        written = _to_onnx(model, examples[:2], varying)
        for key, value in (metadata or {}).items():
            written.metadata_props.add(key=key, value=value)
        onnx.checker.check_model(written, full_check=True)
        onnx.save(written, file)
        compared = zip(inputs.values(), expected, strict=True)
        difference = max(_compare(file, *pair, tolerance) for pair in compared)
    return Exported(Path(path), Path(path).stat().st_size, difference, tuple(sorted(expected[-1])))


def _copy_on_cpu(model: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode, or raise if the weights cannot be exported."""
    model = getattr(model, "_orig_mod", model)  # of a model from torch.compile
    name = type(model).__name__
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    if lazy := [key for key, tensor in tensors.items() if is_lazy(tensor)]:
        raise ExportError(
            f"this {name} has lazy layers without weights ({lazy[0]}): run it on a batch first"
        )
    if meta := [key for key, tensor in tensors.items() if tensor.is_meta]:
        raise ExportError(
            f"this {name} has weights without values, on the meta device ({meta[0]}): call "
            "model.to_empty(device='cpu') and load the weights first"
        )
    half = {key: t.dtype for key, t in tensors.items() if t.dtype in (torch.half, torch.bfloat16)}
    if half:
        key, dtype = next(iter(half.items()))
        raise ExportError(
            f"this {name} has weights in half precision ({key} is {dtype}): export model.float(); "
            "halve_weights makes the file half as large"
        )
    try:
        return copy.deepcopy(model).cpu().eval()
    except Exception as error:  # whatever copying or moving the model's own attributes may raise
        raise ExportError(f"this {name} cannot be copied: {_first_line(error)}") from error


def _outputs_by_batch_size(model: nn.Module, source: str, inputs: Tensor) -> dict[int, np.ndarray]:
    """Return the model's outputs for all inputs and for the first 1, 2 and 3 of them.

    Args:
        model: in evaluation mode, on the CPU.
        source: what the inputs are, for messages.
        inputs: at least 2.

    Raises:
        ExportError: the model fails, or what it returns cannot be an output of the file.
    """
    name, n, outputs = type(model).__name__, len(inputs), {}
    for size in sorted({1, 2, min(3, n), n}, reverse=True):
        try:
            with torch.no_grad():
                output = model(inputs[:size].clone())
                again = output if outputs else model(inputs.clone())
        except Exception as error:  # the model's own code
            if not outputs:
                raise ExportError(
                    f"this {name} fails in evaluation mode on {source} of shape "
                    f"{list(inputs.shape)} and type {inputs.dtype}: {_reason(error)}"
                ) from error
            raise ExportError(
                f"this {name} takes a batch of {n} but not one of {size}: "
                f"{_reason(error)}. If its forward fixes the batch size by a number, as "
                f".view({n}, -1) does, write .flatten(1) or .view(len(x), -1)"
            ) from error
        _check_output(name, source, output, size)
        if not torch.allclose(output, again, rtol=1e-3, atol=1e-5):
            raise ExportError(
                f"this {name} returns other values when it is called again: something in it is "
                "random in evaluation mode too, such as F.dropout without training=self.training"
            )
        outputs[size] = output.numpy()
    return outputs


def _check_output(name: str, source: str, output: Any, size: int) -> None:
    """Raise unless forward returned one tensor of floats [B, ...]."""
    if not isinstance(output, Tensor):
        what = f"a {type(output).__name__}"
        if isinstance(output, Mapping):
            what = f"a dictionary with the keys {', '.join(map(str, output))}"
        elif isinstance(output, tuple | list):
            what += f" of {len(output)}"
        elif output is None:
            what = "None"
        raise ExportError(
            f"the forward of this {name} returns {what}; one tensor expected. Wrap the model in a "
            "module whose forward returns only the tensor that is needed"
        )
    if output.dtype not in (torch.float32, torch.float64):
        raise ExportError(
            f"the forward of this {name} returns a tensor of {output.dtype}; float32 expected, "
            "such as logits. Leave argmax and the like to the program that uses the file, return "
            "the real and imaginary parts of complex numbers, and convert half precision"
        )
    if output.isnan().any():
        raise ExportError(f"the outputs of this {name} for {source} are not numbers (nan)")
    if output.shape[:1] != (size,):
        raise ExportError(
            f"the forward of this {name} returns shape {list(output.shape)} for a batch of {size}; "
            "one output for each example expected: the first dimension must be that of the batch"
        )


def _to_onnx(model: nn.Module, inputs: Tensor, varying: Mapping[int, Any]) -> Any:
    """Return the model as an ONNX `ModelProto`.

    Args:
        model: in evaluation mode, on the CPU.
        inputs: a batch of 2.
        varying: the dimensions of the inputs that vary.

    Raises:
        ExportError: names the cause.
    """
    failure = None
    with _quiet():
        for strict in (False, True):  # the second way follows more of Python, but takes longer
            try:
                program = torch.export.export(
                    model, (inputs.clone(),), dynamic_shapes=(varying,), strict=strict
                )
                break
            except Exception as error:  # whatever the model's code or PyTorch raises
                failure = failure or error
        else:
            raise ExportError(
                f"PyTorch cannot trace this {type(model).__name__}: "
                f"{_why_untraceable(model, inputs, failure)}"
            ) from failure
        try:
            return torch.onnx.export(
                program, dynamo=True, input_names=[INPUT], output_names=[OUTPUT], verbose=False
            ).model_proto
        except Exception as error:  # that of the first operator without a translation, wrapped
            raise ExportError(
                f"PyTorch cannot translate this {type(model).__name__} to ONNX: "
                f"{_first_line(_root(error))}. If an operator is named, replace it with others, or "
                "compute it outside the model"
            ) from error


def _why_untraceable(model: nn.Module, inputs: Tensor, failure: Exception) -> str:
    root = _root(failure)
    if isinstance(root, GuardOnDataDependentSymNode):
        return (
            f"an `if` or a loop depends on values of a tensor{_place(root)}. Use torch.where, or "
            "decide outside the model"
        )
    try:
        torch.export.export(model, (inputs.clone(),), strict=False)
    except Exception:  # then the size is not the reason
        return _reason(root)
    return (
        f"its forward fixes the size of the inputs while it is traced{_place(root)}. Write "
        "operations on the whole batch, without loops over its examples and without numbers for "
        "its size"
    )


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _reason(error: BaseException) -> str:
    return f"{_first_line(error)}{_place(error)}"


def _place(error: BaseException) -> str:
    """Return the last line of the model's own code in a traceback, in brackets."""
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        module = frame.f_globals.get("__name__", "")
        if module == __name__:
            break
        if module.partition(".")[0] not in {"torch", *sys.stdlib_module_names}:
            line = linecache.getline(frame.f_code.co_filename, number).strip()
            return f" ({frame.f_code.co_qualname}, line {number}: {line})"
    return ""


def _compare(
    file: Path, inputs: Tensor, expected: Mapping[int, np.ndarray], tolerance: float
) -> float:
    """Return the largest difference from the expected outputs; raise if it is too large."""
    try:
        run = session(file)
        outputs = {size: _outputs(run, inputs[:size]) for size in expected}
    except Exception as error:  # onnxruntime has many kinds
        raise ExportError(
            f"onnxruntime cannot run the exported model: {_first_line(error)}. Nothing was written"
        ) from error
    largest = 0.0
    for size, output in outputs.items():
        if output.shape != expected[size].shape:
            raise ExportError(
                f"the exported model returns shape {list(output.shape)} for a batch of {size}, "
                f"PyTorch {list(expected[size].shape)}: something in its forward fixes the size of "
                "the batch. Nothing was written"
            )
        finite = np.isfinite(expected[size])
        allowed = tolerance * np.abs(expected[size]).max(initial=1.0, where=finite)
        same = output == expected[size]  # also infinities, which have no difference
        with np.errstate(invalid="ignore"):
            difference = np.where(same, 0, np.abs(output - expected[size])).max()
        if not difference <= allowed:  # also if it is not a number
            raise ExportError(
                f"the exported model differs from PyTorch by {difference:.2g} on a batch of "
                f"{size}; {allowed:.2g} is allowed. Nothing was written"
            )
        largest = max(largest, float(difference))
    return largest


def halve_weights(onnx_path: Path | str, path: Path | str) -> int:
    """Write an ONNX model with float16 weights, which take half the space; it computes in float32.

    When the file is loaded, the weights are converted to float32: each is rounded to 11 binary
    digits, and nothing else changes. The model is not faster.

    Args:
        onnx_path: a file that `export_onnx` wrote.
        path: the file to write, or to replace.

    Returns:
        The size of the new file in bytes.

    Raises:
        ImportError: a library for exports is missing; says how to install it.
        FileNotFoundError: the model or the folder does not exist.
        ExportError: a weight is larger than float16 can hold (65,504).
    """
    onnx = require("onnx", "export")
    model = onnx.load(_existing(onnx_path))
    widen = []
    for stored in model.graph.initializer:
        if (
            stored.data_type != onnx.TensorProto.FLOAT
            or onnx.numpy_helper.to_array(stored).size < 64
        ):
            continue  # small tensors, such as biases, are not worth it
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
    onnx.checker.check_model(model, full_check=True)
    with _into_place(Path(path)) as file:
        onnx.save(model, file)
    return Path(path).stat().st_size


def quantize_int8(
    onnx_path: Path | str,
    path: Path | str,
    calibration: Iterable[Tensor],
    batches: Iterable[Batch],
) -> Quantized:
    """Write an ONNX model that computes with 8-bit integers, and measure its accuracy.

    Weights get a scale for each channel. The scales of the activations come from the calibration
    inputs, which should be training examples; the accuracy should be measured on others. Layers
    before the first one with weights, such as preprocessing, stay in floats. (Dynamic quantisation,
    which computes the scales for each batch, needs no calibration. For our networks it agreed with
    the floats slightly more often, but was slower.) Whether int8 is faster than float32 depends on
    the processor and the model: measure it.

    Args:
        onnx_path: a file that `export_onnx` wrote, of a classifier.
        path: the file to write, or to replace.
        calibration: batches of inputs [B, ...]; a few hundred examples are enough.
        batches: (inputs [B, ...], labels [B]) to compare both models on.

    Raises:
        ImportError: a library for exports is missing; says how to install it.
        ValueError: there is no batch to calibrate with, or none to compare on.
        FileNotFoundError: the model or the folder does not exist.
        ExportError: the model cannot be quantised.
    """
    require("onnx", "export")
    require("onnxruntime", "export")
    onnx_path = _existing(onnx_path)
    calibration = [inputs.detach().cpu().numpy() for inputs in calibration]
    if not calibration:
        raise ValueError("calibration holds no batch: pass inputs from the training split")
    with _into_place(Path(path)) as file:
        with _quiet():
            try:
                _quantize(onnx_path, file, calibration)
            except Exception as error:  # onnxruntime's tools raise many kinds
                raise ExportError(
                    f"{onnx_path} cannot be quantised: {_first_line(error)}"
                ) from error
        right_before, right, same, n = _count(session(onnx_path), session(file), batches)
        size = file.stat().st_size
    return Quantized(
        Path(path),
        size_before=onnx_path.stat().st_size,
        size=size,
        accuracy_before=right_before / n,
        accuracy=right / n,
        agreement=same / n,
        n=n,
    )


def _quantize(source: Path, destination: Path, calibration: list[np.ndarray]) -> None:
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        """Yields the calibration inputs."""

        def __init__(self) -> None:
            self.batches = iter(calibration)

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self.batches, None)
            return None if batch is None else {INPUT: batch}

    with tempfile.TemporaryDirectory() as folder:
        # The tools open files by name, which must be Unicode: here it is.
        original, simplified, int8 = (Path(folder) / f"{name}.onnx" for name in "abc")
        shutil.copyfile(source, original)
        quant_pre_process(original, simplified)
        nodes = require("onnx", "export").load(simplified).graph.node
        with_weights = [i for i, node in enumerate(nodes) if node.op_type in WEIGHT_LAYERS]
        before_weights = nodes[: with_weights[0] if with_weights else 0]
        quantization.quantize_static(
            simplified,
            int8,
            Reader(),
            # The layers that have the weights and do the work, and those between them: each
            # conversion from integers to floats and back takes time and rounds once more.
            op_types_to_quantize=[*WEIGHT_LAYERS, "Add", "Clip", "MaxPool", "ReduceMean", "Relu"],
            nodes_to_exclude=[node.name for node in before_weights],
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )
        shutil.copyfile(int8, destination)


def _count(
    before: "InferenceSession", after: "InferenceSession", batches: Iterable[Batch]
) -> tuple[int, int, int, int]:
    """Count the right answers of each model, the answers that agree, and the samples."""
    counts = np.zeros(4, dtype=int)
    for inputs, labels in batches:
        one, two = (_outputs(run, inputs).argmax(axis=1) for run in (before, after))
        right = labels.cpu().numpy()
        counts += [(one == right).sum(), (two == right).sum(), (one == two).sum(), len(right)]
    if not counts[-1]:
        raise ValueError("batches holds no batch: pass some from the validation split")
    return tuple(counts.tolist())


def session(path: Path | str, n_threads: int | None = None) -> "InferenceSession":
    """Load an ONNX model into onnxruntime, on the CPU; it logs errors only.

    Args:
        path: the file.
        n_threads: the number of threads for one batch; by default that of the cores.

    Raises:
        ImportError: onnxruntime is missing; says how to install it.
    """
    runtime = require("onnxruntime", "export")
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors
    options.intra_op_num_threads = n_threads or 0
    # As bytes, because onnxruntime opens no file whose name is not Unicode.
    return runtime.InferenceSession(
        Path(path).read_bytes(), options, providers=["CPUExecutionProvider"]
    )


def _outputs(run: "InferenceSession", inputs: Tensor) -> np.ndarray:
    return run.run([OUTPUT], {INPUT: inputs.detach().cpu().contiguous().numpy()})[0]


def _existing(path: Path | str) -> Path:
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no ONNX model at {path}")
    return Path(path)


@contextlib.contextmanager
def _into_place(path: Path) -> Iterator[Path]:
    """Yield a file to write to, which is moved to `path` on success and removed on failure."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} for {path}: create it first")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        file = Path(folder) / path.name
        yield file
        file.replace(path)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide what the exporters log, warn about and print for their own developers."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
