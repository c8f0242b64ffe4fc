"""Every kind of step gives the numbers of a plain computation, however the data is cut."""

import math
import weakref

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from torchbook.data import Batches, Examples
from torchbook.training import DivergedError, StepResult, SupervisedStep, ctc_step, fit
from torchbook.training.steps import Sums

N, C = 24, 5
QUICK = {"epochs": 1, "progress": False}


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cut(n: int, sizes: list[int]) -> list[slice]:
    """Cut n places into parts of the given sizes, again and again."""
    parts, start = [], 0
    while start < n:
        size = sizes[len(parts) % len(sizes)]
        parts.append(slice(start, min(start + size, n)))
        start += size
    return parts


def gradient_step(model: nn.Module, loss: Tensor, lr: float = 0.1) -> Tensor:
    """Return the parameters after a step of gradient descent on a loss."""
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    moved = [p - lr * g for p, g in zip(model.parameters(), gradients, strict=True)]
    return nn.utils.parameters_to_vector(moved).detach()


def check_one_step(model: nn.Module, batches: list, loss: Tensor, metrics: dict, step) -> None:
    """Compare one accumulated step of `fit`, and its history, with a loss over the whole data."""
    expected = gradient_step(model, loss)
    options = QUICK | {"step": step, "accumulate": len(batches)}
    history = fit(model, batches, batches, torch.optim.SGD(model.parameters(), 0.1), **options)
    weights = nn.utils.parameters_to_vector(model.parameters()).detach()
    torch.testing.assert_close(weights, expected, rtol=1e-9, atol=1e-12)
    assert history.rows[0]["train_loss"] == pytest.approx(loss.item(), rel=1e-9)
    for name, value in metrics.items():
        assert history.rows[0][f"train_{name}"] == pytest.approx(value, rel=1e-12)


sizes = st.lists(st.integers(1, 9), min_size=1, max_size=4)


def classifier() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, C)).double()


LOSSES = {
    "plain": {},
    "ignored targets": {"ignore_index": -100},
    "another index ignored": {"ignore_index": 2},
    "class weights": {"weight": torch.tensor([0.1, 2.0, 1.0, 0.5, 3.0]).double()},
    "weights and ignored targets": {
        "weight": torch.tensor([0.1, 2.0, 1.0, 0.5, 3.0]).double(),
        "ignore_index": -100,
    },
    "smoothed labels": {"label_smoothing": 0.1},
}


@pytest.mark.parametrize("options", LOSSES.values(), ids=LOSSES)
@settings(max_examples=15)
@given(sizes=sizes, seed=st.integers(0, 20))
def test_labels_with_all_their_options(options, sizes, seed):
    inputs = torch.randn(N, 3, generator=draw(seed)).double()
    targets = torch.randint(0, C, (N,), generator=draw(seed + 1))
    ignored = options.get("ignore_index", -100)
    if ignored == -100 and "ignore_index" in options:
        targets[torch.rand(N, generator=draw(seed + 2)) < 0.4] = ignored
        targets[0] = 1  # at least one counts
    model = classifier()
    outputs = model(inputs)
    loss = nn.CrossEntropyLoss(**options)(outputs, targets)
    counted = targets != ignored
    right = ((outputs.argmax(1) == targets) & counted).sum().item() / counted.sum().item()
    batches = [(inputs[part], targets[part]) for part in cut(N, sizes)]
    step = SupervisedStep(nn.CrossEntropyLoss(**options))
    check_one_step(model, batches, loss, {"accuracy": right}, step)


@given(size=st.integers(1, N))
@settings(max_examples=15)
def test_where_all_targets_count_they_are_not_counted_in_each_step(size):
    inputs = torch.randn(N, 3, generator=draw()).double()
    targets = torch.randint(0, C, (N,), generator=draw(1))
    batches, step, model = Batches(Examples(inputs, targets), size), SupervisedStep(), classifier()
    for_batches = step.for_batches(batches)
    counts = [for_batches(model, batch).count for batch in batches]
    assert sum(counts) == N
    assert {type(count) for count in counts} == {int}
    check_one_step(model, batches, F.cross_entropy(model(inputs), targets), {}, step)
    targets[3] = -100
    assert step.for_batches(Batches(Examples(inputs, targets), size)) is step


# The second one evaluates in the middle of an epoch of 5 batches.
@pytest.mark.parametrize("length", [{"epochs": 2}, {"max_steps": 4, "eval_every": 2}])
def test_targets_that_a_callback_takes_out_are_noticed_after_the_evaluation(length):
    inputs = torch.randn(N, 3, generator=draw()).double()
    targets = torch.randint(0, C, (N,), generator=draw(1))
    batches, model = Batches(Examples(inputs, targets), 5), classifier()
    losses = F.cross_entropy(model(inputs), targets, reduction="none")

    def leave_out(state):
        batches.targets[12:] = -100

    still = torch.optim.SGD(model.parameters(), 0.0)
    options = {"callbacks": [leave_out], "progress": False} | length
    history = fit(model, batches, batches, still, **options)
    valid = [losses.mean().item(), losses[:12].mean().item()]
    train = (
        valid if "epochs" in length else [losses[:10].mean().item(), losses[10:12].mean().item()]
    )
    assert history.column("valid_loss") == pytest.approx(valid)
    assert history.column("train_loss") == pytest.approx(train)


def test_a_batch_in_which_everything_is_ignored_changes_nothing():
    inputs = torch.randn(4, 3, generator=draw()).double()
    ignored, labels = torch.full((4,), -100), torch.tensor([0, 1, 2, 3])
    model = classifier()
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    options = QUICK | {"step": SupervisedStep()}
    valid = [(inputs, labels)]
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    fit(model, [(inputs, ignored), (inputs, labels)], valid, sgd, accumulate=2, **options)
    assert not torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)
    model = classifier()
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(DivergedError, match="became nan"):  # there is no mean of nothing
        fit(model, [(inputs, ignored)], valid, sgd, **options)
    assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)


@given(sizes=sizes)
@settings(max_examples=15)
def test_numbers_as_targets(sizes):
    inputs = torch.randn(N, 3, generator=draw()).double()
    targets = torch.randn(N, C, generator=draw(1)).double()
    model = classifier()
    loss = F.mse_loss(model(inputs), targets)
    batches = [(inputs[part], targets[part]) for part in cut(N, sizes)]
    check_one_step(model, batches, loss, {}, SupervisedStep(nn.MSELoss(), {}))


# --- steps of other kinds


class Encoder(nn.Module):
    """Ids [B, T] to vectors [B, T, D], without attention."""

    def __init__(self, n_words: int = 11, width: int = 6) -> None:
        super().__init__()
        self.embed = nn.Embedding(n_words, width)
        self.out = nn.Linear(width, n_words)

    def forward(self, ids: Tensor) -> Tensor:
        return self.out(self.embed(ids).tanh())


def masked_word_step(model: nn.Module, batch: dict[str, Tensor]) -> StepResult:
    """Predict the words that were masked; batches are dictionaries of ids [B, T]."""
    logits = model(batch["masked"]).transpose(1, 2)  # [B, C, T]
    wanted = torch.where(batch["is_masked"], batch["ids"], -100)
    loss_sum = F.cross_entropy(logits, wanted, reduction="sum")
    n = batch["is_masked"].sum()
    right = (logits.argmax(1) == wanted).sum()
    return StepResult(loss_sum, n, {"accuracy": (right, n)})


@given(sizes=sizes, seed=st.integers(0, 20))
@settings(max_examples=15)
def test_masked_words(sizes, seed):
    ids = torch.randint(1, 11, (N, 7), generator=draw(seed))
    is_masked = torch.rand(N, 7, generator=draw(seed + 1)) < 0.3
    is_masked[0, 0] = True
    data = {"ids": ids, "masked": ids.masked_fill(is_masked, 0), "is_masked": is_masked}
    torch.manual_seed(0)
    model = Encoder().double()
    logits = model(data["masked"])[is_masked]
    loss = F.cross_entropy(logits, ids[is_masked])
    right = (logits.argmax(1) == ids[is_masked]).double().mean().item()
    batches = [{name: value[part] for name, value in data.items()} for part in cut(N, sizes)]
    check_one_step(model, batches, loss, {"accuracy": right}, masked_word_step)


class Translator(nn.Module):
    """A tiny encoder and decoder: sources [B, S], targets so far [B, T] to logits [B, T, C]."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(9, 6), nn.Embedding(9, 6)
        self.out = nn.Linear(6, 9)

    def forward(self, sources: Tensor, targets: Tensor) -> Tensor:
        kept = (sources != 0)[..., None]
        context = (self.source(sources) * kept).sum(1) / kept.sum(1)
        return self.out((self.target(targets) + context[:, None]).tanh())


def translation_step(model: nn.Module, batch: list[tuple[Tensor, Tensor]]) -> StepResult:
    """Predict the next word; batches are lists of pairs of sequences of different lengths."""
    sources, targets = zip(*batch, strict=True)
    pad = nn.utils.rnn.pad_sequence
    source, target = pad(sources, batch_first=True), pad(targets, batch_first=True)
    logits = model(source, target[:, :-1])
    wanted = target[:, 1:]
    loss_sum = F.cross_entropy(logits.transpose(1, 2), wanted, ignore_index=0, reduction="sum")
    return StepResult(loss_sum, (wanted != 0).sum())


@given(sizes=sizes, seed=st.integers(0, 20))
@settings(max_examples=15)
def test_sequences_of_different_lengths(sizes, seed):
    lengths = torch.randint(2, 8, (N, 2), generator=draw(seed)).tolist()
    pairs = [
        tuple(torch.randint(1, 9, (n,), generator=draw(seed + i)) for i, n in enumerate(pair))
        for pair in lengths
    ]
    torch.manual_seed(0)
    model = Translator().double()
    losses = [
        F.cross_entropy(model(s[None], t[None, :-1])[0], t[1:], reduction="none") for s, t in pairs
    ]
    batches = [pairs[part] for part in cut(N, sizes)]
    check_one_step(model, batches, torch.cat(losses).mean(), {}, translation_step)


def contrastive_step(model: nn.Module, batch: tuple[Tensor, Tensor]) -> StepResult:
    """Match two views [B, D] of each sample against those of the others in the batch.

    (InfoNCE: A. van den Oord et al., arXiv:1807.03748.) The loss depends on which samples share a
    batch: unlike other steps, it is not the same for every way to cut the data.
    """
    one, other = (F.normalize(model(view), dim=1) for view in batch)
    logits = one @ other.T / 0.1  # [B, B]
    matches = torch.arange(len(logits), device=logits.device)
    loss_sum = F.cross_entropy(logits, matches, reduction="sum")
    return StepResult(
        loss_sum, len(logits), {"matched": ((logits.argmax(1) == matches).sum(), len(one))}
    )


@given(sizes=sizes)
@settings(max_examples=15)
def test_pairs_matched_within_their_batch(sizes):
    views = torch.randn(2, N, 3, generator=draw()).double()
    model = classifier()
    parts = cut(N, sizes)
    one, other = (F.normalize(model(view), dim=1) for view in views)
    losses = [
        F.cross_entropy(one[p] @ other[p].T / 0.1, torch.arange(len(one[p])), reduction="none")
        for p in parts
    ]
    batches = [(views[0][part], views[1][part]) for part in parts]
    check_one_step(model, batches, torch.cat(losses).mean(), {}, contrastive_step)


def test_batches_come_from_a_data_loader_too():
    inputs = torch.randn(N, 3, generator=draw())
    targets = torch.randint(0, C, (N,), generator=draw(1))
    torch.manual_seed(0)
    model = nn.Linear(3, C)
    loader = DataLoader(TensorDataset(inputs, targets), 7)
    history = fit(model, loader, loader, torch.optim.SGD(model.parameters(), 0.0), **QUICK)
    loss = F.cross_entropy(model(inputs), targets).item()
    assert history.rows[0]["valid_loss"] == pytest.approx(loss, rel=1e-6)


# --- memory


def test_accumulation_has_one_batch_in_memory_at_a_time():
    model = nn.Linear(2, 2)
    alive, most = weakref.WeakSet(), 0

    class Batches:
        def __len__(self) -> int:
            return 8

        def __iter__(self):
            nonlocal most
            for _ in range(8):
                batch = (torch.zeros(4, 2), torch.zeros(4, dtype=torch.long))
                alive.add(batch[0])
                most = max(most, len(alive))
                yield batch
                del batch

    sgd = torch.optim.SGD(model.parameters(), 0.1)
    fit(model, Batches(), Batches(), sgd, accumulate=8, **QUICK)
    assert most == 1


def test_what_is_kept_does_not_grow_with_the_batches():
    sums = Sums()
    for _ in range(100):
        sums.add(StepResult(torch.tensor(2.0), 4, {"accuracy": (torch.tensor(3), 4)}))
    assert sum(len(total) for total in sums.state_dict().values()) == 4
    numbers = sums.as_tensor(torch.device("cpu")).tolist()
    assert sums.means(numbers) == {"loss": 0.5, "accuracy": 0.75}


def test_a_hundred_million_samples_are_counted_one_by_one():
    sums = Sums()
    for count in (100_000_000, 1, 1):
        sums.add(StepResult(torch.tensor(0.0), torch.tensor(count)))
    assert sums.as_tensor(torch.device("cpu")).tolist() == [0.0, 100_000_002.0]


def test_a_mean_of_nothing_is_not_a_number():
    sums = Sums()
    sums.add(StepResult(torch.tensor(0.0), 2, {"f1": (torch.tensor(0), torch.tensor(0))}))
    assert math.isnan(sums.means(sums.as_tensor(torch.device("cpu")).tolist())["f1"])


# --- losses that are refused


@pytest.mark.parametrize(
    ("loss_fn", "message"),
    [
        (nn.CTCLoss(), "it isn't known what a CTCLoss is a mean of: give a function"),
        (nn.MSELoss(reduction="sum"), "must have reduction=\"mean\", but has 'sum'"),
    ],
    ids=["unknown", "sum"],
)
def test_a_loss_whose_count_is_not_known_is_refused(loss_fn, message):
    with pytest.raises(TypeError, match=message):
        SupervisedStep(loss_fn)


def test_a_function_must_return_the_sum_and_the_count():
    step = SupervisedStep(F.cross_entropy)
    with pytest.raises(TypeError, match=r"cross_entropy returned a Tensor\. In place of .*, give"):
        step(nn.Identity(), (torch.zeros(2, 3), torch.zeros(2, dtype=torch.long)))


def test_targets_that_would_be_broadcast_are_refused():
    step = SupervisedStep(nn.MSELoss(), {})
    with pytest.raises(
        ValueError, match=r"have \[4, 1\] and \[4\]: every output would be compared"
    ):
        step(nn.Identity(), (torch.zeros(4, 1), torch.zeros(4)))


def ctc_batch() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    inputs = torch.randn(4, 12, 3, generator=draw(3))
    n_frames = torch.tensor([12, 7, 12, 3])
    # The last has three symbols in three frames, but two of them are the same: no path.
    targets = torch.tensor([[1, 2, 2, 0], [4, 0, 0, 0], [3, 1, 4, 1], [2, 2, 1, 0]])
    return inputs, n_frames, targets, torch.tensor([3, 1, 4, 3])


def test_ctc_counts_symbols_and_leaves_out_what_has_no_path():
    model = nn.Linear(3, 5)
    inputs, n_frames, targets, lengths = ctc_batch()
    result = ctc_step(model, (inputs, n_frames, targets, lengths))
    expected = 0.0
    for row, t, target, n in zip(inputs[:3], n_frames, targets, lengths, strict=False):
        shares = model(row[:t]).log_softmax(dim=1)
        expected += F.ctc_loss(shares, target[:n], (int(t),), (int(n),), reduction="sum")
    assert result.count.item() == 3 + 1 + 4
    assert torch.allclose(result.loss_sum, expected)
    result.loss_sum.backward()
    assert model.weight.grad.isfinite().all()


def test_ctc_trains_with_fit():
    model = nn.Linear(3, 5)
    batches = [ctc_batch()]
    before = ctc_step(model, batches[0]).loss_sum.item()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    fit(model, batches, batches, optimizer, step=ctc_step, **QUICK)
    assert ctc_step(model, batches[0]).loss_sum.item() < before
