"""The metrics agree with scikit-learn and SciPy, however the data is cut."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as sk
from torch import nn

from torchbook.metrics import (
    accuracy,
    confusion_matrix,
    count_correct,
    count_parameters,
    majority_baseline,
    precision_recall_f1,
    wilson_interval,
)

N_CLASSES = 4
labels = st.integers(0, N_CLASSES - 1)
pairs_of_labels = st.lists(st.tuples(labels, labels), min_size=1, max_size=60).map(
    lambda pairs: torch.tensor(pairs).T
)


def logits_for(predictions: torch.Tensor) -> torch.Tensor:
    """Make scores [N, C] whose largest is at the prediction."""
    noise = torch.rand(len(predictions), N_CLASSES, generator=torch.Generator().manual_seed(0))
    return noise + 2 * nn.functional.one_hot(predictions, N_CLASSES)


@given(pairs_of_labels)
def test_accuracy_is_scikit_learns(pairs):
    predictions, targets = pairs
    ours = accuracy(logits_for(predictions), targets)
    assert ours == pytest.approx(sk.accuracy_score(targets, predictions))


@given(pairs_of_labels, st.integers(0, 60))
def test_correct_answers_add_up_over_any_cut(pairs, cut):
    predictions, targets = pairs
    logits = logits_for(predictions)
    whole = count_correct(logits, targets)
    assert [(value.shape, value.dtype) for value in whole] == [((), torch.int64)] * 2
    parts = [count_correct(logits[part], targets[part]) for part in (slice(cut), slice(cut, None))]
    assert whole == tuple(map(sum, zip(*parts, strict=True)))


def test_ignored_targets_are_not_counted():
    logits = torch.tensor([[2.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
    assert count_correct(logits, torch.tensor([0, -100, 0])) == (1, 2)
    assert count_correct(logits, torch.tensor([0, 1, 0]), ignore_index=1) == (1, 2)


def test_each_place_of_a_sequence_is_counted():
    logits = torch.zeros(2, 3, 5)  # [N, C, T]
    logits[:, 1] = 1.0
    assert count_correct(logits, torch.tensor([[1, 1, 0, -100, 1], [2, 1, 1, 1, 1]])) == (7, 9)


@pytest.mark.parametrize(
    ("logits", "targets"),
    [((4, 3), (4, 1)), ((4, 3), (3,)), ((4, 3), ()), ((4,), (4,)), ((4, 3, 2), (4, 3))],
)
def test_shapes_that_would_be_compared_crosswise_are_refused(logits, targets):
    with pytest.raises(ValueError, match="expected logits of shape") as caught:
        count_correct(torch.zeros(logits), torch.zeros(targets, dtype=torch.int64))
    assert str(caught.value) == (
        "expected logits of shape [N, C] and targets of shape [N], but they have shapes "
        f"{list(logits)} and {list(targets)}"
    )


@given(pairs_of_labels)
def test_the_confusion_matrix_is_scikit_learns(pairs):
    predictions, targets = pairs
    ours = confusion_matrix(predictions, targets, N_CLASSES)
    theirs = sk.confusion_matrix(targets, predictions, labels=range(N_CLASSES))
    assert ours.dtype == torch.int64
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("bad", [-1, N_CLASSES])
@pytest.mark.parametrize("argument", ["predictions", "targets"])
def test_labels_out_of_range_are_refused_by_name(argument, bad):
    arguments = {"predictions": torch.tensor([0, 1]), "targets": torch.tensor([0, 1])}
    arguments[argument] = torch.tensor([1, bad])
    with pytest.raises(ValueError, match=f"{argument} must be labels from 0 to 3, but go from"):
        confusion_matrix(**arguments, n_classes=N_CLASSES)


def test_a_confusion_matrix_of_different_lengths_is_refused():
    with pytest.raises(ValueError, match=r"shapes \[1\] and \[2\]"):
        confusion_matrix(torch.tensor([1]), torch.tensor([1, 2]), N_CLASSES)


def test_a_confusion_matrix_of_nothing_is_empty():
    nothing = torch.zeros(0, dtype=torch.int64)
    assert confusion_matrix(nothing, nothing, 2).tolist() == [[0, 0], [0, 0]]


@given(pairs_of_labels)
def test_the_majority_baseline_is_that_of_a_dummy_classifier(pairs):
    from sklearn.dummy import DummyClassifier

    train_targets, targets = pairs
    counts = train_targets.bincount()
    dummy = DummyClassifier().fit(train_targets[:, None], train_targets)
    expected = dummy.score(targets[:, None], targets)
    if (counts == counts.max()).sum() == 1:  # else which label is commonest is a matter of taste
        assert majority_baseline(train_targets, targets) == pytest.approx(expected)


def test_the_majority_is_that_of_the_training_labels():
    assert majority_baseline(torch.tensor([1, 1, 0]), torch.tensor([0, 0, 0, 1])) == 0.25


# R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
@pytest.mark.parametrize(
    ("n_correct", "n", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_intervals_are_the_published_ones(n_correct, n, expected):
    assert wilson_interval(n_correct, n) == pytest.approx(expected, abs=5e-5)


trials = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(trials)
def test_the_wilson_interval_is_scipys(trial):
    n_correct, n = trial
    theirs = binomtest(n_correct, n).proportion_ci(0.95, method="wilson")
    z = 1.959963984540054  # of 95 % confidence, exactly
    assert wilson_interval(n_correct, n, z) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(trials, st.floats(0.1, 5))
def test_the_wilson_interval_contains_the_share_and_stays_between_0_and_1(trial, z):
    n_correct, n = trial
    low, high = wilson_interval(n_correct, n, z)
    rounding = 1e-12
    assert 0 <= low <= n_correct / n + rounding
    assert n_correct / n - rounding <= high <= 1
    mirrored = wilson_interval(n - n_correct, n, z)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)


def test_more_samples_narrow_the_interval():
    intervals = [wilson_interval(n * 9 // 10, n) for n in (10, 100, 10_000)]
    widths = [high - low for low, high in intervals]
    assert widths[0] > widths[1] > widths[2]


@pytest.mark.parametrize(("n_correct", "n"), [(0, 0), (-1, 5), (6, 5), (0, -3)])
def test_impossible_counts_are_refused(n_correct, n):
    with pytest.raises(ValueError, match=f"got {n_correct} and {n}"):
        wilson_interval(n_correct, n)


def test_only_what_training_may_change_is_counted():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    assert count_parameters(model) == (3 * 2 + 2) + (2 + 2)
    model[0].requires_grad_(requires_grad=False)
    assert count_parameters(model) == 4


@given(pairs_of_labels)
def test_precision_recall_and_f1_are_scikit_learns(pairs):
    predictions, targets = pairs
    ours = precision_recall_f1(confusion_matrix(predictions, targets, N_CLASSES))
    theirs = sk.precision_recall_fscore_support(
        targets, predictions, labels=range(N_CLASSES), zero_division=0
    )
    for values, truth in zip(ours, theirs[:3], strict=True):
        assert values.shape == (N_CLASSES,)
        assert values.dtype == torch.float64
        assert values.tolist() == pytest.approx(truth)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 2)])
def test_precision_needs_a_square_of_counts(shape):
    with pytest.raises(ValueError, match=r"counts must have shape \[C, C\]"):
        precision_recall_f1(torch.zeros(shape, dtype=torch.int64))
