"""The loop learns, counts per sample, repeats itself to the last bit, and says what is wrong."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from torch import nn

from torchbook.data import Batches, Examples
from torchbook.device import seed_everything
from torchbook.training import (
    DivergedError,
    Evaluation,
    History,
    SupervisedStep,
    evaluate,
    fit,
    predict,
    train_epoch,
)

NO_BATCH = (
    "there was no batch: the data is empty, the iterator is exhausted, or drop_last=True left "
    "nothing"
)


def two_clouds(n: int, seed: int = 0) -> Examples:
    """Two clouds of points so far apart that a line between them makes no mistake."""
    draw = torch.Generator().manual_seed(seed)
    targets = torch.arange(n) % 2
    centres = torch.tensor([[-2.0, -2.0], [2.0, 2.0]])
    return Examples(centres[targets] + 0.4 * torch.randn(n, 2, generator=draw), targets)


def small_model() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def sgd(model: nn.Module, lr: float = 0.1) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=lr)


def fit_two_clouds(seed: int, **options) -> tuple[nn.Module, History]:
    seed_everything(seed)
    model = small_model()
    train = Batches(two_clouds(64), 10, shuffle=True, seed=seed)
    valid = Batches(two_clouds(30, seed=1), 8)
    return model, fit(model, train, valid, sgd(model), epochs=3, progress=False, **options)


def weights(model: nn.Module) -> torch.Tensor:
    return nn.utils.parameters_to_vector(model.parameters()).detach()


def timeless(history: History) -> list[dict[str, float]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]


# --- fit


def test_fit_learns_what_is_easy():
    model, history = fit_two_clouds(seed=0)
    assert history.column("epoch") == [1, 2, 3]
    assert history.rows[-1]["valid_accuracy"] == 1.0
    losses = history.column("train_loss")
    assert losses[0] > losses[1] > losses[2]
    result = evaluate(model, Batches(two_clouds(30, 1), 8))
    assert history.rows[-1]["valid_loss"] == pytest.approx(result.loss, rel=1e-6)


def test_the_same_seed_gives_the_same_bits():
    (one, one_history), (two, two_history) = fit_two_clouds(seed=3), fit_two_clouds(seed=3)
    assert torch.equal(weights(one), weights(two))
    assert timeless(one_history) == timeless(two_history)


def test_another_seed_gives_other_weights():
    assert not torch.equal(weights(fit_two_clouds(3)[0]), weights(fit_two_clouds(4)[0]))


def test_the_scheduler_moves_after_every_batch():
    model = small_model()
    optimizer = sgd(model, lr=1.0)
    scheduler = torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda step: 0.5)
    batches = Batches(two_clouds(12), 4)
    options = {"scheduler": scheduler, "schedule": "step", "progress": False}
    fit(model, batches, batches, optimizer, epochs=2, **options)
    assert scheduler.get_last_lr() == [0.5**6]


def test_a_loss_function_of_ones_own_is_used_for_both_splits():
    def constant(logits, targets):
        return 0 * logits.sum() + 7 * len(targets), len(targets)

    _, history = fit_two_clouds(seed=0, step=SupervisedStep(constant))
    assert history.column("train_loss") == [7, 7, 7]
    assert history.column("valid_loss") == [7, 7, 7]


@pytest.mark.parametrize("epochs", [0, -2])
def test_fit_refuses_to_do_nothing(epochs):
    model = small_model()
    with pytest.raises(ValueError, match=f"epochs must be at least 1, but is {epochs}"):
        fit(model, [], [], sgd(model), epochs=epochs)


def test_a_learning_rate_far_too_high_is_named_as_the_suspect():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    batches = Batches(two_clouds(64), 4)
    with pytest.raises(DivergedError) as caught:
        fit(model, batches, batches, sgd(model, lr=1e20), epochs=5, progress=False)
    assert "the training loss became" in str(caught.value)
    assert "the learning rate (1e+20 now) is too high: try a tenth of it" in str(caught.value)


def test_inputs_that_are_not_finite_are_found_out():
    batches = Batches(Examples(torch.full((4, 2), math.nan), torch.zeros(4, dtype=torch.long)), 2)
    model = small_model()
    with pytest.raises(DivergedError, match=r"became nan.*check the inputs for values that are"):
        fit(model, batches, batches, sgd(model), epochs=1, progress=False)


def test_a_loss_that_is_no_longer_finite_is_noticed_long_before_the_epoch_ends():
    data = two_clouds(400)
    data.inputs[250] = math.nan
    model = small_model()
    n_batches = 0

    def counted(inputs):
        nonlocal n_batches
        n_batches += 1
        return inputs

    batches = Batches(data, 1, transform=counted)
    with pytest.raises(DivergedError, match="the training loss became nan"):
        fit(model, batches, Batches(two_clouds(8), 4), sgd(model), epochs=1, progress=False)
    assert n_batches == 300


def test_progress_is_shown_unless_told_not_to(capsys):
    fit_two_clouds(seed=0)
    assert capsys.readouterr() == ("", "")
    model = small_model()
    batches = Batches(two_clouds(8), 4)
    fit(model, batches, batches, sgd(model), epochs=2)
    assert "2/2" in capsys.readouterr().err


def test_ctrl_c_in_an_epoch_comes_through():
    def interrupted():
        yield from Batches(two_clouds(8), 4)
        raise KeyboardInterrupt

    model = small_model()
    with pytest.raises(KeyboardInterrupt):
        train_epoch(model, interrupted(), sgd(model))


# --- one epoch


def test_an_epoch_is_plain_gradient_descent():
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    by_hand = copy.deepcopy(model)
    batches = Batches(two_clouds(10), 4)
    train_epoch(model, batches, sgd(model, lr=0.5))
    for inputs, targets in batches:
        loss = nn.functional.cross_entropy(by_hand(inputs), targets)
        gradients = torch.autograd.grad(loss, list(by_hand.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(by_hand.parameters(), gradients, strict=True):
                parameter -= 0.5 * gradient
    assert torch.equal(weights(model), weights(by_hand))


def test_gradients_left_over_from_before_do_not_count():
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    fresh = copy.deepcopy(model)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 1e6)
    for each in (model, fresh):
        train_epoch(each, Batches(two_clouds(8), 4), sgd(each))
    assert torch.equal(weights(model), weights(fresh))


def test_each_sample_is_counted_as_the_model_was_when_it_saw_it():
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    before = evaluate(model, Batches(two_clouds(10), 10))
    during = train_epoch(model, Batches(two_clouds(10), 10), sgd(model))
    assert during == before  # one batch: counted before the only step


@pytest.fixture
def waits(monkeypatch):
    """The calls that would make the CPU wait for a device, as they happen."""
    seen = []
    for name in ("item", "__float__", "__bool__", "__int__", "tolist", "numpy", "cpu", "nonzero"):
        original = getattr(torch.Tensor, name)

        def counted(tensor, *args, _name=name, _original=original, **kwargs):
            seen.append(_name)
            return _original(tensor, *args, **kwargs)

        monkeypatch.setattr(torch.Tensor, name, counted)
    return seen


@pytest.mark.parametrize("options", [{}, {"clip_norm": 1.0, "accumulate": 3}], ids=["plain", "all"])
def test_the_cpu_waits_for_the_device_only_between_passes(waits, options):
    model = small_model()
    optimizer = sgd(model)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    options |= {"scheduler": scheduler, "schedule": "step"}
    options |= {"keep_best": True, "patience": 3, "progress": False}
    train, valid = Batches(two_clouds(40), 4, shuffle=True), Batches(two_clouds(20), 7)
    seen = {}
    for epochs in (1, 4):
        waits.clear()
        fit(model, train, valid, optimizer, epochs=epochs, **options)
        seen[epochs] = list(waits)
    # At the start a number is put where the device writes it. Each pass over a split first asks
    # whether targets are ignored, the first one also whether the labels are right; and each epoch
    # ends with one look at all sums.
    assert seen[1] == ["numpy", *["__bool__"] * 4, "tolist"]
    assert seen[4] == [*seen[1], *["__bool__", "__bool__", "tolist"] * 3]


def test_ten_times_the_batches_wait_no_more(waits):
    model = small_model()
    counts = []
    for n in (40, 400):
        waits.clear()
        batches = Batches(two_clouds(n), 4)
        train_epoch(model, batches, sgd(model))
        counts.append(len(waits))
    assert counts[0] == counts[1]


# --- evaluate, predict


@given(n=st.integers(1, 50), batch_size=st.integers(1, 60), seed=st.integers(0, 1000))
def test_evaluation_is_scikit_learns_however_the_data_is_cut(n, batch_size, seed):
    draw = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(n, 4, generator=draw)
    targets = torch.randint(0, 4, (n,), generator=draw)
    result = evaluate(nn.Identity(), Batches(Examples(logits, targets), batch_size))
    assert result.n == n
    predictions = logits.argmax(dim=1)
    assert result.accuracy == pytest.approx(sk.accuracy_score(targets, predictions), abs=1e-12)
    probabilities = logits.double().softmax(dim=1)
    expected = sk.log_loss(targets, probabilities, labels=np.arange(4))
    assert result.loss == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_a_small_last_batch_weighs_what_it_should():
    # The mistake that this guards against: on 75 samples in batches of 32, 32 and 11, a mean over
    # batches gives another figure than the share of samples.
    targets = torch.zeros(75, dtype=torch.long)
    targets[64:] = 1
    logits = torch.tensor([[1.0, 0.0]]).repeat(75, 1)
    result = evaluate(nn.Identity(), Batches(Examples(logits, targets), 32))
    assert result.accuracy == 64 / 75
    assert result.accuracy != pytest.approx((1 + 1 + 0) / 3, abs=0.1)


def test_evaluation_changes_nothing():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.9), nn.Linear(2, 2))
    before = copy.deepcopy(model.state_dict())
    batches = Batches(two_clouds(20), 6)
    assert evaluate(model, batches) == evaluate(model, batches)
    assert not model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_training_switches_back_to_training_mode():
    model = small_model().eval()
    train_epoch(model, Batches(two_clouds(8), 4), sgd(model))
    assert model.training


@given(n=st.integers(1, 30), batch_size=st.integers(1, 40))
def test_predictions_come_in_the_order_of_the_data(n, batch_size):
    inputs = torch.arange(2 * n).reshape(n, 2).float()
    logits = predict(nn.Identity(), Batches(Examples(inputs, torch.arange(n)), batch_size))
    assert torch.equal(logits, inputs)
    assert not logits.requires_grad
    nn.Linear(2, 1)(logits).sum().backward()  # a head can be trained on them


def test_predictions_are_made_in_evaluation_mode():
    model = small_model().train()
    batches = Batches(two_clouds(20), 6)
    assert torch.equal(predict(model, batches), predict(model, batches))
    assert not model.training


def test_nothing_to_learn_from_is_an_error():
    model = small_model()
    used_up = iter(Batches(two_clouds(8), 4))
    list(used_up)
    for call in (
        lambda: evaluate(model, []),
        lambda: predict(model, []),
        lambda: train_epoch(model, used_up, sgd(model)),
    ):
        with pytest.raises(ValueError, match="there was no batch") as caught:
            call()
        assert str(caught.value) == NO_BATCH


# --- History


def row(epoch: int, **values: float) -> dict[str, float]:
    return {
        "epoch": epoch,
        "train_loss": 0.51239,
        "train_accuracy": 0.8125,
        "valid_loss": 0.6,
        "valid_accuracy": 0.75,
        "seconds": 1.25,
        **values,
    }


def test_a_history_prints_as_a_table():
    history = History([row(1), row(2, valid_accuracy=1.0, seconds=10.04)])
    assert str(history) == (
        "epoch  train loss  train acc.  valid loss  valid acc.  seconds\n"
        "    1      0.5124      81.25%      0.6000      75.00%      1.2\n"
        "    2      0.5124      81.25%      0.6000     100.00%     10.0"
    )
    assert len({len(line) for line in str(history).splitlines()}) == 1
    assert len(history) == 2
    assert history.seconds == pytest.approx(11.29)


def test_a_history_names_its_columns_when_asked_for_another():
    with pytest.raises(KeyError) as caught:
        History([row(1)]).column("accuracy")
    assert caught.value.args == (
        "no column 'accuracy'; there are epoch, train_loss, train_accuracy, valid_loss, "
        "valid_accuracy, seconds",
    )


def test_an_empty_history_is_a_table_without_rows():
    history = History()
    assert len(history) == 0
    assert history.column("valid_loss") == []
    assert history.seconds == 0
    assert len(str(history).splitlines()) == 1


def test_an_evaluation_reads_well():
    evaluation = Evaluation(loss=0.5, accuracy=0.25, n=1234)
    assert str(evaluation) == "loss 0.5000, accuracy 25.00% on 1,234 samples"


# --- on a GPU


@pytest.mark.gpu
def test_fit_learns_on_a_gpu():
    seed_everything(0)
    model = small_model().to("cuda")
    train = Batches(two_clouds(64), 10, shuffle=True, device="cuda")
    valid = Batches(two_clouds(30, seed=1), 8, device="cuda")
    history = fit(model, train, valid, sgd(model), epochs=5, progress=False)
    assert history.rows[-1]["valid_accuracy"] == 1.0
    assert predict(model, valid).device.type == "cuda"


@pytest.mark.gpu
def test_a_gpu_evaluates_as_the_cpu_does():
    torch.manual_seed(0)
    model = small_model()
    on_cpu = evaluate(model, Batches(two_clouds(50), 7))
    on_gpu = evaluate(model.to("cuda"), Batches(two_clouds(50), 7, device="cuda"))
    assert on_gpu.loss == pytest.approx(on_cpu.loss, rel=1e-3)
    assert on_gpu.accuracy == on_cpu.accuracy


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_no_step_on_a_gpu_waits_for_it(precision):
    model = small_model().to("cuda")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
    batches = Batches(two_clouds(64), 10, shuffle=True, device="cuda")
    options = {"precision": precision, "clip_norm": 1.0, "progress": False}
    n_steps = 0

    def watched(model, batch):
        nonlocal n_steps
        n_steps += 1
        # The first steps let CUDA's libraries get ready, which waits.
        torch.cuda.set_sync_debug_mode("error" if 3 < n_steps < 20 else "default")
        return SupervisedStep()(model, batch)

    fit(model, batches, batches, optimizer, max_steps=25, step=watched, **options)
    assert n_steps > 25
