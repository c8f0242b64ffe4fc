"""An ONNX file is right or not there; int8 says what it costs."""

import logging
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import tiny_data
import torch
from torch import nn

from torchbook.apps import export
from torchbook.apps.export import (
    Exported,
    ExportError,
    Quantized,
    export_onnx,
    halve_weights,
    quantize_int8,
)
from torchbook.data import Batches
from torchbook.models import Preprocess, SmallCNN
from torchbook.training import fit


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained() -> SmallCNN:
    """A model that knows the tiny data."""
    torch.manual_seed(0)
    model = SmallCNN(1, 3, 8, width=16)
    splits = tiny_data.load(40)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    fit(
        model,
        Batches(splits.train, 20, shuffle=True),
        Batches(splits.valid, 40),
        optimizer,
        epochs=4,
        progress=False,
    )
    return model


@pytest.fixture(scope="module")
def onnx_file(trained, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_onnx(trained, path, pictures())
    return path


def simple() -> nn.Module:
    """A model that is exported in no time."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


def pictures(n: int = 20) -> torch.Tensor:
    return tiny_data.load(n).valid.inputs / 255


def test_the_file_answers_like_the_model_for_batches_of_any_size(trained, tmp_path):
    trained.train()  # in which its answers would depend on the batch
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    path = tmp_path / "model.onnx"
    exported = export_onnx(trained, path, pictures(), metadata={"classes": "a, b"})
    assert trained.training
    assert all(torch.equal(before[name], value) for name, value in trained.state_dict().items())
    assert exported == Exported(path, path.stat().st_size, exported.difference, (1, 2, 3, 20))
    assert exported.difference < 1e-4
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    (entry,) = [p for p in onnx.load(path).metadata_props if p.key == "classes"]
    assert entry.value == "a, b"
    run = export.session(path)
    for n in (1, 7, 33):
        inputs = pictures(n)
        with torch.inference_mode():
            expected = trained.eval()(inputs).numpy()
        answers = run.run(None, {"inputs": inputs.numpy()})[0]
        np.testing.assert_allclose(answers, expected, atol=1e-4)


def test_the_exporter_is_quiet(tmp_path, capfd):
    export_onnx(simple(), tmp_path / "a.onnx", pictures(2))
    assert capfd.readouterr() == ("", "")
    assert logging.root.manager.disable == logging.NOTSET


@pytest.fixture(scope="module")
def program():
    """What PyTorch exports a simple model to: it takes seconds, so once is enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what export_onnx keeps quiet about
        return torch.onnx.export(
            simple().eval(),
            (pictures(2),),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            input_names=["inputs"],
            output_names=["outputs"],
            verbose=False,
        )


@pytest.fixture
def at_once(program, monkeypatch):
    """Let PyTorch's exporter answer at once, with a program made before."""
    monkeypatch.setattr(torch.export, "export", lambda *args, **options: None)
    monkeypatch.setattr(torch.onnx, "export", lambda *args, **options: program)


def test_a_difference_is_an_error_and_leaves_nothing_behind(at_once, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_text("the old one")
    with pytest.raises(ExportError) as caught:
        export_onnx(simple(), path, pictures())
    assert "the exported model differs from PyTorch by " in str(caught.value)
    assert " on a batch of 20; 0.0001 is allowed. Nothing was written" in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    assert path.read_text() == "the old one"


def constant(value: float) -> nn.Module:
    model = simple()
    nn.init.zeros_(model[1].weight)
    nn.init.constant_(model[1].bias, value)
    return model


def test_outputs_that_are_not_numbers_are_refused(at_once, tmp_path, monkeypatch):
    with pytest.raises(ExportError, match=r"outputs of this Sequential .* not numbers \(nan\)$"):
        export_onnx(constant(float("nan")), tmp_path / "model.onnx", pictures())
    nan = np.full((1, 3), np.nan, np.float32)
    monkeypatch.setattr(export, "_outputs", lambda run, inputs: nan.repeat(len(inputs), 0))
    with pytest.raises(ExportError, match="differs from PyTorch by nan on a batch of 20"):
        export_onnx(simple(), tmp_path / "model.onnx", pictures())
    assert list(tmp_path.iterdir()) == []


def test_infinite_outputs_may_be_equal(at_once, tmp_path, monkeypatch):
    infinite = np.full((1, 3), -np.inf, np.float32)
    monkeypatch.setattr(export, "_outputs", lambda run, inputs: infinite.repeat(len(inputs), 0))
    exported = export_onnx(constant(-float("inf")), tmp_path / "model.onnx", pictures())
    assert exported.difference == 0
    with pytest.raises(ExportError, match="differs from PyTorch by inf on a batch of 20"):
        export_onnx(simple(), tmp_path / "other.onnx", pictures())


def test_a_shape_that_differs_is_an_error(at_once, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_outputs", lambda run, inputs: np.zeros((5, 3), np.float32))
    with pytest.raises(ExportError) as caught:
        export_onnx(simple(), tmp_path / "model.onnx", pictures())
    assert str(caught.value) == (
        "the exported model returns shape [5, 3] for a batch of 20, PyTorch [20, 3]: something in "
        "its forward fixes the size of the batch. Nothing was written"
    )
    assert list(tmp_path.iterdir()) == []


# --- models that cannot be exported


class Net(nn.Module):
    """A network whose forward is one of those below."""

    def __init__(self, forward):
        super().__init__()
        self.head = nn.Linear(64, 3)
        self.own_forward = forward

    def forward(self, x):
        return self.own_forward(self, x)


def logits(model, x):
    return model.head(x.flatten(1))


@dataclass
class Output:
    logits: torch.Tensor


def fixed_batch(model, x):
    return model.head(x.view(4, -1))


def constant_batch(model, x):
    return logits(model, x).sum().repeat(4, 3)


def loops_over_examples(model, x):
    return torch.stack([model.head(example.flatten()) for example in x])


def decides(model, x):
    y = logits(model, x)
    return y if y.sum() > 0 else -y


def loops_over_values(model, x):
    y = logits(model, x)
    for _ in range(int(y.abs().sum()) + 1):
        y = y + 1
    return y


class NumpyTanh(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return torch.from_numpy(np.tanh(x.numpy()))


def only_in_training(model, x):
    if not model.training:
        raise RuntimeError("there is no loss in evaluation mode")
    return logits(model, x)


CANNOT = {
    "a tuple": (
        lambda model, x: (logits(model, x), x),
        "the forward of this Net returns a tuple of 2; one tensor expected. Wrap the model in",
    ),
    "a list": (lambda model, x: [x], "returns a list of 1; one tensor expected. Wrap the model in"),
    "a dictionary": (
        lambda model, x: {"logits": logits(model, x)},
        "returns a dictionary with the keys logits; one tensor expected. Wrap the model in",
    ),
    "a dataclass": (
        lambda model, x: Output(logits(model, x)),
        "returns a Output; one tensor expected. Wrap the model in",
    ),
    "nothing": (lambda model, x: None, "returns None; one tensor expected. Wrap the model in"),
    "integers": (
        lambda model, x: logits(model, x).argmax(1),
        "returns a tensor of torch.int64; float32 expected, such as logits. Leave argmax",
    ),
    "truth values": (
        lambda model, x: logits(model, x) > 0,
        "a tensor of torch.bool; float",
    ),
    "complex numbers": (
        lambda model, x: torch.fft.fft(logits(model, x)),
        "returns a tensor of torch.complex64; float32 expected, such as logits. Leave argmax",
    ),
    "half precision": (
        lambda model, x: logits(model, x).half(),
        "of torch.float16; float",
    ),
    "a loss": (lambda model, x: logits(model, x).mean(), "returns shape [] for a batch of 4; one "),
    "a batch fixed by view": (
        fixed_batch,
        "this Net takes a batch of 4 but not one of 3: mat1 and mat2 shapes cannot be multiplied "
        "(4x48 and 64x3) (fixed_batch, line ",
    ),
    "a batch fixed by repeat": (
        constant_batch,
        "returns shape [4, 3] for a batch of 3; one ",
    ),
    "a loop over examples": (
        loops_over_examples,
        "PyTorch cannot trace this Net: its forward fixes the size of the inputs while it is "
        "traced. Write operations on the whole batch",
    ),
    "an if": (
        decides,
        "PyTorch cannot trace this Net: an `if` or a loop depends on values of a tensor (decides, ",
    ),
    "a loop over values": (
        loops_over_values,
        "an `if` or a loop depends on values of a tensor (loops_over_values, line ",
    ),
    "NumPy": (
        lambda model, x: NumpyTanh.apply(logits(model, x)),
        "PyTorch cannot trace this Net: .numpy() is not supported for tensor subclasses. (NumpyTanh"
        ".forward, line ",
    ),
    "an operator": (
        lambda model, x: torch.special.bessel_j0(logits(model, x)),
        "PyTorch cannot translate this Net to ONNX: No ONNX function found for "
        "<OpOverload(op='prims.bessel_j0'",
    ),
    "randomness": (
        lambda model, x: nn.functional.dropout(logits(model, x)),
        "this Net returns other values when it is called again: something in it is random",
    ),
    "only training": (
        only_in_training,
        "this Net fails in evaluation mode on example_inputs of shape [4, 1, 8, 8] and type "
        "torch.float32: there is no loss in evaluation mode (only_in_training, line ",
    ),
    "onnxruntime": (
        lambda model, x: nn.functional.conv2d(x.double(), torch.ones(1, 1, 3, 3).double()),
        "onnxruntime cannot run the exported model: ",
    ),
}


@pytest.mark.parametrize(("forward", "message"), CANNOT.values(), ids=CANNOT)
def test_a_model_that_cannot_be_exported_says_why(forward, message, tmp_path, capfd):
    with pytest.raises(ExportError) as caught:
        export_onnx(Net(forward), tmp_path / "model.onnx", pictures(4))
    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "Next steps:" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_line_of_the_model_is_quoted(tmp_path):
    with pytest.raises(ExportError, match=r"return model\.head\(x\.view\(4, -1\)\)"):
        export_onnx(Net(fixed_batch), tmp_path / "model.onnx", pictures(4))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            nn.Sequential(nn.Flatten(), nn.LazyLinear(3)),
            "this Sequential has lazy layers without weights (1.weight): run it on a batch first",
        ),
        (
            nn.Linear(8, 3, device="meta"),
            "this Linear has weights without values, on the meta device (weight): call ",
        ),
        (
            nn.Linear(8, 3).half(),
            "this Linear has weights in half precision (weight is torch.float16): export "
            "model.float(); halve_weights makes the file half as large",
        ),
        (nn.Linear(8, 3).bfloat16(), "(weight is torch.bfloat16): export model.float(); "),
    ],
    ids=["lazy", "meta", "float16", "bfloat16"],
)
def test_weights_that_cannot_be_exported_are_named(model, message, tmp_path):
    with pytest.raises(ExportError) as caught:
        export_onnx(model, tmp_path / "model.onnx", pictures(4))
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_copied_is_named(tmp_path):
    model = simple()
    model.hidden = model[1].weight * 2  # has a gradient, so PyTorch refuses to copy it
    with pytest.raises(ExportError, match=r"^this Sequential cannot be copied: Only Tensors creat"):
        export_onnx(model, tmp_path / "model.onnx", pictures(4))


def length_of_the_batch(model, x):
    return model.head(x.view(len(x), -1))


def numpy_in_between(model, x):
    return torch.from_numpy(np.maximum(logits(model, x).detach().numpy(), 0))


@pytest.mark.parametrize("forward", [length_of_the_batch, numpy_in_between])
def test_models_that_only_the_second_way_can_trace(forward, tmp_path):
    exported = export_onnx(Net(forward), tmp_path / "model.onnx", pictures(4))
    assert exported.difference < 1e-5


def test_a_compiled_model_is_exported_as_it_was(tmp_path):
    exported = export_onnx(torch.compile(simple()), tmp_path / "model.onnx", pictures(4))
    assert exported.batch_sizes == (1, 2, 3, 4)


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"at least 2 examples.*but has shape \[1, 1, 8, 8\]"):
        export_onnx(simple(), tmp_path / "model.onnx", pictures(1))
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none for .*: create it"):
        export_onnx(simple(), tmp_path / "none" / "model.onnx", pictures())


@pytest.mark.parametrize("library", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_library_says_how_to_install_it(library, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError) as caught:
        export_onnx(nn.Flatten(), tmp_path / "model.onnx", pictures())
    assert str(caught.value).startswith(f"{library} cannot be imported (")
    assert str(caught.value).endswith(
        '). To install what is needed: pip install "torchbook[export]"'
    )
    assert list(tmp_path.iterdir()) == []


# --- pictures of any size


@pytest.fixture(scope="module")
def of_any_size(tmp_path_factory) -> tuple[nn.Module, Path]:
    """A network with its preprocessing, and the file that it was exported to."""
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU6(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 3),
    )
    model = nn.Sequential(Preprocess(18, 16), network).eval()
    path = tmp_path_factory.mktemp("onnx") / "any.onnx"
    exported = export_onnx(model, path, bytes_of(24, 24, n=4), any_size=True)
    assert exported.difference < 1e-4
    return model, path


def bytes_of(height: int, width: int, n: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(height)
    return torch.randint(256, (n, 3, height, width), generator=generator, dtype=torch.uint8)


def test_a_model_of_images_of_one_size_does_not_take_any(tmp_path):
    with pytest.raises(ExportError) as caught:
        export_onnx(simple(), tmp_path / "model.onnx", pictures(4), any_size=True)
    assert str(caught.value).startswith(
        "this Sequential fails in evaluation mode on images of another height (any_size=True) of "
        "shape [4, 1, 6, 8] and type torch.float32: mat1 and mat2 shapes cannot be multiplied"
    )


@pytest.mark.parametrize("size", [(24, 24), (9, 40), (41, 20), (16, 17), (1, 1), (64, 33)])
def test_a_file_for_pictures_of_any_size_prepares_them_as_the_model_does(of_any_size, size):
    model, path = of_any_size
    for n in (1, 5):
        inputs = bytes_of(*size, n=n)
        with torch.inference_mode():
            expected = model(inputs).numpy()
        answers = export.session(path, n_threads=1).run(None, {"inputs": inputs.numpy()})[0]
        np.testing.assert_allclose(answers, expected, atol=1e-4)


# --- float16 weights


def test_weights_in_float16_are_rounded_and_nothing_else(onnx_file, tmp_path):
    path = tmp_path / "half.onnx"
    size = halve_weights(onnx_file, path)
    assert size == path.stat().st_size < 0.75 * onnx_file.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == ["half.onnx"]
    by_hand = onnx.load(onnx_file)
    for stored in by_hand.graph.initializer:
        weights = onnx.numpy_helper.to_array(stored)
        if weights.dtype == np.float32 and weights.size >= 64:
            rounded = weights.astype(np.float16).astype(np.float32)
            stored.CopyFrom(onnx.numpy_helper.from_array(rounded, stored.name))
    onnx.save(by_hand, tmp_path / "by_hand.onnx")
    inputs = {"inputs": pictures(9).numpy()}
    expected = export.session(tmp_path / "by_hand.onnx").run(None, inputs)[0]
    np.testing.assert_allclose(export.session(path).run(None, inputs)[0], expected, atol=1e-5)


def test_float16_refuses_what_it_cannot_hold(onnx_file, tmp_path):
    model = onnx.load(onnx_file)
    for stored in model.graph.initializer:
        weights = onnx.numpy_helper.to_array(stored)
        if weights.dtype == np.float32 and weights.size >= 64:
            stored.CopyFrom(onnx.numpy_helper.from_array(weights * 1e6, stored.name))
    onnx.save(model, tmp_path / "large.onnx")
    with pytest.raises(ExportError, match=r"in .*large\.onnx has weights too large for float16"):
        halve_weights(tmp_path / "large.onnx", tmp_path / "a.onnx")
    with pytest.raises(FileNotFoundError, match="there is no ONNX model at"):
        halve_weights(tmp_path / "none.onnx", tmp_path / "a.onnx")
    assert [p.name for p in tmp_path.iterdir()] == ["large.onnx"]


# --- int8


def test_int8_leaves_the_preprocessing_in_floats(of_any_size, tmp_path):
    model, source = of_any_size
    path = tmp_path / "small.onnx"
    calibration = [bytes_of(24, 24, n=8)]
    labels = torch.zeros(2, dtype=torch.int64)
    quantize_int8(source, path, calibration, [(bytes_of(30, 20), labels)])
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert "QuantizeLinear" in kinds
    assert "Resize" in kinds[: kinds.index("QuantizeLinear")]
    inputs = bytes_of(20, 33, n=6)
    with torch.inference_mode():
        expected = model(inputs).numpy()
    answers = export.session(path).run(None, {"inputs": inputs.numpy()})[0]
    np.testing.assert_allclose(answers, expected, atol=0.05 * np.abs(expected).max())


def test_int8_is_measured(onnx_file, trained, tmp_path, capfd):
    path = tmp_path / "small.onnx"
    splits = tiny_data.load(40)
    result = quantize_int8(onnx_file, path, [pictures(30)], Batches(splits.valid, 15))
    assert capfd.readouterr() == ("", "")
    assert [p.name for p in tmp_path.iterdir()] == ["small.onnx"]
    assert result.size == path.stat().st_size
    assert result.size_before == onnx_file.stat().st_size
    assert result.n == 40
    inputs = splits.valid.inputs / 255
    with torch.inference_mode():
        before = trained.eval()(inputs).argmax(1)
    after = export.session(path).run(None, {"inputs": inputs.numpy()})[0].argmax(1)
    right = splits.valid.targets.numpy()
    assert result.accuracy_before == (before.numpy() == right).mean()
    assert result.accuracy == (after == right).mean()
    assert result.agreement == (after == before.numpy()).mean()
    assert result.agreement >= 0.9
    assert result.size < 0.5 * result.size_before
    kinds = {w.data_type for w in onnx.load(path).graph.initializer}
    assert onnx.TensorProto.INT8 in kinds


def test_int8_reads_well():
    result = Quantized(Path("a.onnx"), 400_000, 100_000, 0.9, 0.8942, 0.98, 5_000)
    assert str(result) == (
        "a.onnx: 100 KB instead of 400, accuracy 89.42% instead of 90.00%, the same answer for "
        "98.00% of 5,000 samples"
    )


def test_int8_refuses_what_it_cannot_use(onnx_file, tmp_path):
    batches = Batches(tiny_data.load(20).valid, 20)
    with pytest.raises(FileNotFoundError, match="there is no ONNX model at"):
        quantize_int8(tmp_path / "none.onnx", tmp_path / "a.onnx", [pictures()], batches)
    with pytest.raises(ValueError, match="calibration holds no batch: pass inputs from the"):
        quantize_int8(onnx_file, tmp_path / "a.onnx", [], batches)
    with pytest.raises(ValueError, match="batches holds no batch: pass some from the validation"):
        quantize_int8(onnx_file, tmp_path / "a.onnx", [pictures()], [])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ExportError, match=r"text\.onnx cannot be quantised: "):
        quantize_int8(tmp_path / "text.onnx", tmp_path / "a.onnx", [pictures()], batches)
    assert [p.name for p in tmp_path.iterdir()] == ["text.onnx"]
