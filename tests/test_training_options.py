"""Precision, accumulation, schedules, stopping, callbacks, and what bad input gets."""

import copy
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from torchbook import plots
from torchbook.data import Batches, Examples
from torchbook.models import SmallCNN
from torchbook.training import (
    DivergedError,
    History,
    LearningRateTrial,
    SupervisedStep,
    find_learning_rate,
    fit,
    parameter_groups,
)
from torchbook.training.precision import Precision
from torchbook.training.progress import Progress


def clouds(n: int, seed: int = 0) -> Examples:
    draw = torch.Generator().manual_seed(seed)
    targets = torch.arange(n) % 3
    return Examples(2.0 * targets[:, None] + torch.randn(n, 4, generator=draw), targets)


def model(n_classes: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, n_classes))


def sgd(net: nn.Module, lr: float = 0.1) -> torch.optim.SGD:
    return torch.optim.SGD(net.parameters(), lr=lr)


def run(net: nn.Module | None = None, *, n: int = 30, batch_size: int = 7, **options) -> History:
    net = net or model()
    options = {"optimizer": sgd(net), "epochs": 2, "progress": False} | options
    return fit(net, Batches(clouds(n), batch_size), Batches(clouds(12, 1), 5), **options)


def vector(net: nn.Module) -> torch.Tensor:
    return nn.utils.parameters_to_vector(net.parameters()).detach()


# --- steps


@settings(max_examples=30)
@given(n=st.integers(1, 40), batch_size=st.integers(1, 12), accumulate=st.integers(1, 5))
def test_accumulated_batches_are_one_large_batch(n, batch_size, accumulate):
    small, large = model().double(), model().double()
    data = Examples(clouds(n).inputs.double(), clouds(n).targets)
    valid = Batches(data, 5)
    options = {"epochs": 1, "progress": False}
    fit(small, Batches(data, batch_size), valid, sgd(small), accumulate=accumulate, **options)
    fit(large, Batches(data, batch_size * accumulate), valid, sgd(large), **options)
    # However unequal the batches of a step are: each sample weighs the same.
    torch.testing.assert_close(vector(small), vector(large), rtol=1e-9, atol=1e-12)


def test_a_clipped_step_is_as_long_as_allowed():
    net = model()
    before = vector(net)
    run(net, epochs=1, batch_size=30, clip_norm=1e-3)
    assert (vector(net) - before).norm().item() == pytest.approx(0.1 * 1e-3, rel=1e-3)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_learns_and_keeps_its_weights_long(precision):
    net = model()
    seen = []
    net[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    history = run(net, epochs=40, precision=precision, clip_norm=1.0)
    assert set(seen[1:]) == {getattr(torch, precision), torch.float32}  # the check of the labels
    assert seen[-1] == getattr(torch, precision)
    assert {p.dtype for p in net.parameters()} == {torch.float32}
    assert history.rows[-1]["valid_accuracy"] > 0.8


def test_float16_skips_a_step_that_overflows_and_the_schedule_does_not_move():
    net = model()
    net[0].weight.register_hook(lambda gradient: gradient * 1e38)
    before = vector(net)
    optimizer = sgd(net, lr=1.0)
    options = {"optimizer": optimizer, "scheduler": StepLR(optimizer, 1, 0.5), "schedule": "step"}
    run(net, epochs=1, precision="float16", **options)
    assert torch.equal(vector(net), before)
    assert optimizer.param_groups[0]["lr"] == 1.0


def test_tf32_is_switched_on_for_the_run_only():
    precision = Precision("tf32", torch.device("cuda"))
    assert precision.dtype == torch.float32
    with precision.products():
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == "highest"


def test_tf32_is_refused_where_there_is_none():
    with pytest.raises(ValueError, match=r'precision="tf32" needs a CUDA device, but .* on cpu'):
        run(precision="tf32")


def test_an_unknown_precision_is_named():
    with pytest.raises(ValueError, match="one of float32, tf32, bfloat16, float16, but is 'int8'"):
        run(precision="int8")


@pytest.mark.slow
def test_a_compiled_model_learns_the_same():
    plain, compiled = model(), model()
    expected, history = run(plain), run(compiled, compile=True)
    torch.testing.assert_close(vector(compiled), vector(plain), rtol=1e-4, atol=1e-5)
    assert history.column("valid_accuracy") == expected.column("valid_accuracy")


# --- schedules, stopping


def test_a_schedule_by_epoch_moves_after_each_epoch():
    net = model()
    optimizer = sgd(net, lr=1.0)
    run(net, optimizer=optimizer, scheduler=StepLR(optimizer, 1, 0.5), schedule="epoch", epochs=3)
    assert optimizer.param_groups[0]["lr"] == 0.125


def test_a_plateau_looks_at_the_monitored_column():
    net = model()
    optimizer = sgd(net, lr=1e-9)  # nothing is learned: a plateau from the first epoch
    scheduler = ReduceLROnPlateau(optimizer, mode="max", patience=0, factor=0.5, eps=0)
    options = {"optimizer": optimizer, "scheduler": scheduler, "monitor": "valid_accuracy"}
    run(net, **options, mode="max", epochs=3)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.25e-9)
    with pytest.raises(ValueError, match="moves after each evaluation: leave schedule out"):
        run(net, **options, schedule="step")


def test_a_schedule_that_could_count_either_has_to_be_told_which():
    net = model()
    optimizer = sgd(net)
    options = {"optimizer": optimizer, "scheduler": StepLR(optimizer, 3)}
    with pytest.raises(ValueError, match="a StepLR can count steps or epochs: say which, with"):
        run(net, **options)
    with pytest.raises(ValueError, match='must be "step" or "epoch", but is \'epochs\''):
        run(net, **options, schedule="epochs")


def test_a_mode_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match='mode must be "min" or "max", but is \'minimum\''):
        run(mode="minimum", patience=1)
    with pytest.raises(ValueError, match='mode must be "min" or "max", but is \'minimum\''):
        History([{"valid_loss": 1.0}]).best(mode="minimum")


def test_what_is_not_a_number_is_never_the_best():
    history = History([{"f1": float("nan")}, {"f1": 0.5}, {"f1": float("nan")}])
    for mode in ("min", "max"):
        assert history.best("f1", mode) == {"f1": 0.5}
        assert history.since_best("f1", mode) == 1


def worse_and_worse(monitor: list[float]):
    """Return a step with a metric whose validation value follows a list, epoch by epoch."""
    values = iter(monitor)

    def planned(outputs, targets):
        if not torch.is_grad_enabled() and len(targets) == 5:  # the first validation batch
            planned.value = next(values)
        return torch.tensor(getattr(planned, "value", 0.0) * len(targets)), len(targets)

    return SupervisedStep(metrics={"planned": planned})


def test_training_stops_when_patience_is_at_its_end():
    step = worse_and_worse([v for v in (1.0, 3, 2, 2.5, 2, 9) for _ in range(2)])
    options = {"step": step, "monitor": "valid_planned", "mode": "max"}
    history = run(**options, patience=3, epochs=6)
    assert history.column("valid_planned") == [1, 3, 2, 2.5, 2]
    assert history.best("valid_planned", "max")["epoch"] == 2


def test_the_best_weights_are_kept():
    net = model()
    after = []
    step = worse_and_worse([v for v in (5.0, 1, 3) for _ in range(2)])
    options = {"step": step, "monitor": "valid_planned", "epochs": 3}
    run(net, **options, keep_best=True, callbacks=[lambda state: after.append(vector(state.model))])
    assert torch.equal(vector(net), after[1])
    assert not torch.equal(vector(net), after[2])


def test_an_unknown_monitor_names_the_columns():
    net = model()
    before = vector(net)
    with pytest.raises(KeyError, match="no column 'valid_f1'; there are epoch, train_loss"):
        run(net, monitor="valid_f1", patience=1)
    assert torch.equal(vector(net), before)  # before the first step


def test_callbacks_see_each_epoch_and_may_stop():
    seen = []

    def stop_after_two(state):
        seen.append((state.epoch, state.step, len(state.history), state.model.training))
        return state.epoch == 2

    history = run(epochs=5, callbacks=[stop_after_two, lambda state: seen.append("also called")])
    assert seen == [(1, 5, 1, False), "also called", (2, 10, 2, False), "also called"]
    assert len(history) == 2


def test_only_true_ends_the_training():
    def forgetful(state):
        return state.history  # not meant as an answer

    assert len(run(epochs=3, callbacks=[forgetful, lambda state: 1])) == 3


def test_regression_needs_no_accuracy():
    data = Examples(torch.randn(20, 4), torch.randn(20, 1))
    net = nn.Linear(4, 1)

    def distance(outputs, targets):
        return (outputs - targets).abs().sum(), len(targets)

    history = fit(
        net, Batches(data, 6), Batches(data, 7), sgd(net), epochs=2, progress=False,
        step=SupervisedStep(nn.MSELoss(), {"distance": distance}),
    )  # fmt: skip
    last = history.rows[-1]
    with torch.no_grad():
        errors = net(data.inputs) - data.targets
    assert last["valid_loss"] == pytest.approx(errors.square().mean().item(), rel=1e-5)
    assert last["valid_distance"] == pytest.approx(errors.abs().mean().item(), rel=1e-5)
    assert str(history).splitlines()[0] == (
        "epoch  train loss  train distance  valid loss  valid distance  seconds"
    )
    assert plots.curves(history.rows).axes[1].get_ylabel() == "distance"


@pytest.mark.parametrize(
    "name", ["epochs", "max_steps", "eval_every", "accumulate", "patience", "checkpoint_every"]
)
def test_counts_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, but is 0"):
        run(**{name: 0})


# --- bad input


def test_a_label_out_of_range_is_found_before_the_first_step():
    net = model()
    before = vector(net)
    data = clouds(30)
    data.targets[17] = 3
    text = (
        "targets must be labels from 0 to 2, since the model has 3 outputs, but 1 of 30 are not: "
        "the first is 3, at place 17. Count labels from 0, or give the model as many outputs as "
        "there are classes"
    )
    good = Batches(clouds(12), 5)
    for train, valid in ((Batches(data, 7), good), (good, Batches(data, 7))):
        with pytest.raises(ValueError, match="targets must be labels") as caught:
            fit(net, train, valid, sgd(net), epochs=1, progress=False)
        assert str(caught.value) == text
        if valid is good:
            assert torch.equal(vector(net), before)


def test_labels_that_cross_entropy_ignores_are_not_a_mistake():
    data = clouds(30)
    data.targets[5] = -100
    net = model()
    fit(net, Batches(data, 30), Batches(data, 30), sgd(net), epochs=1, progress=False)


def test_labels_out_of_range_in_a_plain_list_are_found_in_the_batch():
    net = model()
    inputs, targets = torch.randn(4, 4), torch.tensor([0, -1, 2, 1])
    with pytest.raises(ValueError, match="1 of 4 are not: the first is -1, at place 1"):
        fit(net, [(inputs, targets)], [(inputs, targets)], sgd(net), epochs=1, progress=False)


def test_probabilities_of_the_classes_can_be_targets():
    net = model()
    batch = (torch.randn(4, 4), torch.full((4, 3), 1 / 3))
    with torch.no_grad():
        expected = nn.functional.cross_entropy(net(batch[0]), batch[1]).item()
    options = {"step": SupervisedStep(metrics={}), "epochs": 1, "progress": False}
    history = fit(net, [batch], [batch], sgd(net), **options)
    assert history.rows[0]["train_loss"] == pytest.approx(expected)


def test_images_where_floats_were_expected_are_named():
    images = Examples(torch.zeros(6, 1, 8, 8, dtype=torch.uint8), torch.zeros(6, dtype=torch.long))
    raw = Batches(images, 3, transform=lambda inputs: inputs)
    net = SmallCNN(1, 2, 8)
    with pytest.raises(TypeError) as caught:
        fit(net, raw, raw, sgd(net), epochs=1, progress=False)
    assert str(caught.value) == (
        "the inputs are bytes (torch.uint8), shape [3, 1, 8, 8], but the model calculates with "
        "torch.float32: scale them first, for example with Batches(..., "
        "transform=scale_to_unit)"
    )


def test_a_wrong_shape_is_shown_with_the_batch_at_hand():
    net = model()
    wrong = Batches(Examples(torch.zeros(6, 5), torch.zeros(6, dtype=torch.long)), 4)
    with pytest.raises(RuntimeError) as caught:
        fit(net, wrong, wrong, sgd(net), epochs=1, progress=False)
    assert "mat1 and mat2 shapes cannot be multiplied" in str(caught.value)
    assert caught.value.__notes__ == [
        "The batch: inputs [4, 5] torch.float32 on cpu, targets [4] torch.int64 on cpu. "
        "The model's weights are torch.float32 on cpu."
    ]


@pytest.mark.parametrize(
    ("batch", "description"),
    [
        (([1, 2], None), "inputs a list, targets a NoneType"),
        ({"ids": torch.zeros(2, 3)}, "ids [2, 3] torch.float32 on cpu"),
        ([torch.zeros(1), torch.ones(2), torch.ones(3)], "[1] torch.float32 on cpu, [2] "),
        ("a text", "a str"),
    ],
)
def test_a_batch_of_any_structure_is_described(batch, description):
    net = model()

    def broken(model, batch):
        raise RuntimeError("it went wrong")

    with pytest.raises(RuntimeError) as caught:
        fit(net, [batch], [batch], sgd(net), epochs=1, step=broken, progress=False)
    assert caught.value.__notes__[0].startswith(f"The batch: {description}")


def test_a_batch_that_is_not_a_pair_needs_a_step_of_its_own():
    net = model()
    batches = [{"inputs": torch.zeros(2, 4)}]
    with pytest.raises(TypeError, match="must be a pair of inputs and targets, but is a dict"):
        fit(net, batches, batches, sgd(net), epochs=1, progress=False)


def test_an_empty_split_is_named():
    net = model()
    for train, valid in (([], Batches(clouds(3), 3)), (Batches(clouds(3), 3), [])):
        with pytest.raises(ValueError, match="there was no batch: the data is empty"):
            fit(net, train, valid, sgd(net), epochs=1, progress=False)


def test_a_loss_that_is_not_finite_in_the_validation_alone_is_found():
    def only_when_asked(outputs, targets):
        loss = nn.functional.cross_entropy(outputs, targets, reduction="sum")
        return loss * (1.0 if torch.is_grad_enabled() else float("nan")), len(targets)

    with pytest.raises(DivergedError, match="the validation loss became nan"):
        run(step=SupervisedStep(only_when_asked))


# --- helpers


def test_norms_and_biases_do_not_decay():
    net = SmallCNN(1, 10, 28)
    decaying, free = parameter_groups(net, 0.3)
    assert (decaying["weight_decay"], free["weight_decay"]) == (0.3, 0.0)
    names = {id(p): name for name, p in net.named_parameters()}
    assert all(names[id(p)].endswith("weight") for p in decaying["params"])
    assert len(decaying["params"]) == 5  # four convolutions and the linear layer
    assert len(decaying["params"]) + len(free["params"]) == len(names)
    net.features.requires_grad_(False)
    assert sum(len(group["params"]) for group in parameter_groups(net, 0.3)) == 2


def test_the_learning_rate_finder_leaves_everything_as_it_was():
    net = nn.Sequential(model(), nn.BatchNorm1d(3))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.123)
    batches = Batches(clouds(60), 8, shuffle=True)
    before = copy.deepcopy((net.state_dict(), optimizer.state_dict()))
    position, random = batches.state_dict(), torch.get_rng_state()
    trial = find_learning_rate(net, batches, optimizer, steps=40, highest=100.0)
    assert len(trial.rates) == len(trial.losses) == 40
    assert (trial.rates[0], trial.rates[-1]) == (1e-6, pytest.approx(100))
    assert 1e-6 < trial.suggestion < 10
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[0][name])
    assert optimizer.state_dict()["param_groups"] == before[1]["param_groups"]
    assert not optimizer.state
    assert torch.equal(batches.state_dict()["generator"], position["generator"])
    assert torch.equal(torch.get_rng_state(), random)
    figure = plots.learning_rates(trial.rates, trial.losses, trial.smooth, trial.suggestion)
    assert figure.axes[0].get_xscale() == "log"
    assert f"at a rate of {10 * trial.suggestion:.2g}" in figure.get_gid()


def test_each_rate_is_used_for_one_step():
    net, rates = model(), []
    optimizer = sgd(net)
    optimizer.register_step_pre_hook(lambda opt, *_: rates.append(opt.param_groups[0]["lr"]))
    trial = find_learning_rate(net, Batches(clouds(20), 8), optimizer, steps=7)
    assert rates == pytest.approx(trial.rates)


def test_the_suggestion_is_a_tenth_of_the_best_rate():
    rates = [10.0**e for e in range(-4, 3)]
    trial = LearningRateTrial(rates, [2, 2, 1.5, 0.1, 0.2, 50, float("nan")])
    assert trial.smooth[0] == pytest.approx(2)
    assert trial.suggestion == pytest.approx(rates[trial.smooth.index(min(trial.smooth[:5]))] / 10)


@pytest.mark.parametrize(
    "options", [{"lowest": 0}, {"lowest": 2.0, "highest": 1.0}, {"steps": 1}], ids=str
)
def test_a_finder_without_range_is_refused(options):
    net = model()
    with pytest.raises(ValueError, match="expected 0 < lowest < highest and steps >= 2"):
        find_learning_rate(net, Batches(clouds(9), 3), sgd(net), **options)


def test_a_finder_without_data_is_refused():
    net = model()
    with pytest.raises(ValueError, match="there was no batch"):
        find_learning_rate(net, [], sgd(net))


# --- progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_log_file_there_is_a_line_for_each_epoch(capsys):
    history = run(progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert f"valid loss {history.rows[0]['valid_loss']:.4f}, " in lines[0]


def test_in_a_terminal_there_is_a_bar(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run(progress=True, accumulate=2)
    text = terminal.getvalue()
    assert "epoch 2/2" in text
    assert "3/3" in text  # 5 batches, two for each step
    assert "valid_loss=" in text


def test_a_run_by_steps_has_a_line_for_each_evaluation(capsys):
    run(progress=True, epochs=None, max_steps=12, eval_every=5)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["step 5/12", "step 10/12", "step 12/12"]


@pytest.mark.parametrize(
    ("options", "total"),
    [({"epochs": None, "max_steps": 12, "eval_every": 5}, "12/12"), ({"eval_every": 3}, "10/10")],
)
def test_a_run_by_steps_has_one_bar(monkeypatch, options, total):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run(progress=True, **options)
    assert total in terminal.getvalue()


def test_a_variable_turns_the_bar_off():
    script = (
        "import sys, tests; sys.stderr.isatty = lambda: True\n"
        "from test_training_options import run; run(progress=True)"
    ).replace(", tests", "")
    environment = os.environ | {"TQDM_DISABLE": "1", "PYTHONPATH": str(Path(__file__).parent)}
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_batches_without_a_length_are_counted_as_they_come(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress("epoch", 2, None, None, True) as shown:
        assert shown.bar.total is None


def test_a_learning_rate_plot_has_a_description():
    trial = LearningRateTrial([0.1, 1.0], [2.0, 1.0])
    figure = plots.learning_rates(trial.rates, trial.losses, trial.smooth, trial.suggestion)
    assert figure.get_gid().startswith("Training loss while the learning rate")
