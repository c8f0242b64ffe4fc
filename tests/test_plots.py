"""The figures are figures, and their alt text says what is true."""

import io

import pytest
import torch
from matplotlib.figure import Figure

from torchbook import plots
from torchbook.data import Examples
from torchbook.training import History

HISTORY = History(
    [
        {
            "epoch": epoch,
            "train_loss": 1 / epoch,
            "train_accuracy": 1 - 0.4 / epoch,
            "valid_loss": 1.1 / epoch,
            "valid_accuracy": 1 - 0.5 / epoch,
            "seconds": 1.0,
        }
        for epoch in (1, 2, 4)
    ]
)


def svg(figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


def test_a_description_ends_up_in_the_svg():
    figure = Figure()
    assert plots.describe(figure, "A blank page.") is figure
    assert 'id="A blank page."' in svg(figure)


def test_curves_show_both_splits_and_say_where_they_go():
    figure = plots.curves(HISTORY.rows)
    assert isinstance(figure, Figure)
    loss, accuracy = figure.axes
    assert [line.get_label() for line in loss.lines] == ["train", "valid"]
    assert list(loss.lines[1].get_ydata()) == HISTORY.column("valid_loss")
    assert list(accuracy.lines[0].get_ydata()) == HISTORY.column("train_accuracy")
    assert accuracy.get_xlabel() == "epoch"
    for axis, quantity in ((loss, "loss"), (accuracy, "accuracy")):
        assert axis.get_ylabel() == quantity
        assert list(axis.get_xticks()) == [1, 2, 4]
        assert axis.get_legend() is not None
    assert figure.get_gid() == (
        "Two line charts over 3 epochs. Training loss goes from 1.00 to 0.25, validation loss from "
        "1.10 to 0.28. Training accuracy goes from 60.0% to 90.0%, validation accuracy from 50.0% "
        "to 87.5%."
    )


def test_curves_of_many_epochs_have_room_for_their_ticks():
    rows = [{**HISTORY.rows[0], "epoch": epoch} for epoch in range(1, 61)]
    figure = plots.curves(rows)
    assert len(figure.axes[0].get_xticks()) < 12
    assert figure.axes[0].lines[0].get_marker() == ""


def test_curves_of_no_epoch_are_refused():
    with pytest.raises(ValueError, match="the history has no epoch yet"):
        plots.curves([])


def test_images_stand_in_a_grid_under_their_titles():
    pictures = torch.zeros(5, 1, 4, 6, dtype=torch.uint8)
    figure = plots.images(pictures, titles=["a", "b", "c", "d\ne", "f"], n_columns=3)
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown] == ["a", "b", "c", "d\ne", "f"]
    assert len(figure.axes) == 6
    assert not any(axis.axison for axis in figure.axes)
    assert figure.get_gid() == "A grid of 5 small images: a, b, c, d e, f."


def test_images_need_no_titles():
    figure = plots.images(torch.rand(2, 3, 4, 4))
    assert len(figure.axes) == 2
    assert figure.get_gid() == "A grid of 2 small images."


@pytest.mark.parametrize(
    ("pictures", "white"),
    [(torch.rand(1, 1, 4, 4) / 3, 1), (torch.full((1, 1, 4, 4), 9, dtype=torch.uint8), 255)],
)
def test_a_dark_image_stays_dark(pictures, white):
    (drawn,) = plots.images(pictures).axes[0].images
    assert drawn.get_clim() == (0, white)
    assert drawn.get_cmap().name == "gray"


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (5, 2, 8, 8), (0, 1, 8, 8)])
def test_what_is_no_batch_of_images_is_refused(shape):
    with pytest.raises(ValueError, match="images must have shape") as caught:
        plots.images(torch.zeros(shape))
    assert f"but have shape {list(shape)}; a single image needs" in str(caught.value)


def test_each_image_needs_its_title():
    with pytest.raises(ValueError, match="expected 2 titles, one for each image, got 1"):
        plots.images(torch.zeros(2, 1, 4, 4), titles=["only one"])


def test_a_confusion_matrix_shows_its_counts_and_names_the_commonest_mistake():
    counts = torch.tensor([[8, 2, 0], [0, 1200, 0], [5, 0, 4]])
    figure = plots.confusion_matrix(counts, ["cat", "dog", "owl"])
    (axis,) = figure.axes
    assert [text.get_text() for text in axis.texts] == [str(n) for n in counts.flatten().tolist()]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["cat", "dog", "owl"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["cat", "dog", "owl"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted", "true")
    assert figure.get_gid() == (
        "Confusion matrix of 3 classes: 1,212 of 1,219 on the diagonal. The commonest mistake, "
        "5 times: owl taken for cat."
    )
    # The colour of a cell is its share of its row.
    assert axis.images[0].get_array().tolist()[0] == pytest.approx([0.8, 0.2, 0.0])


def test_numbers_stand_out_from_their_cells():
    figure = plots.confusion_matrix(torch.tensor([[9, 1], [0, 0]]), ["a", "b"])
    colours = [text.get_color() for text in figure.axes[0].texts]
    assert colours == ["white", *[plots.INK_ON_COLOUR] * 3]


def test_a_perfect_confusion_matrix_has_no_commonest_mistake():
    figure = plots.confusion_matrix(3 * torch.eye(2, dtype=torch.int64), ["a", "b"])
    assert figure.get_gid() == (
        "Confusion matrix of 2 classes: 6 of 6 on the diagonal. No mistakes."
    )


@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (4,)])
def test_a_confusion_matrix_needs_a_name_for_each_class(shape):
    with pytest.raises(ValueError, match=r"counts must have shape \[2, 2\] for the 2 classes"):
        plots.confusion_matrix(torch.zeros(shape, dtype=torch.int64), ["a", "b"])


CORNERS = Examples(torch.tensor([[1.0, 1], [-1, 1], [-1, -1], [1, -1]]), torch.tensor([1, 0, 0, 1]))


def right_of(x):
    """Answer class 1 where the first coordinate is above 0.5."""
    return x[:, :1] - 0.5  # [N, 1]


@pytest.mark.parametrize("to_logits", [right_of, lambda x: right_of(x).squeeze(1)])
def test_a_boundary_stands_where_the_logit_is_zero(to_logits):
    figure = plots.decision_boundary({"a line": to_logits}, CORNERS)
    (axis,) = figure.axes
    assert axis.get_title() == "a line"
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("$x_1$", "$x_2$")
    colours = axis.images[0].get_array()[90]  # from left to right, through the middle
    changes = (colours[1:] != colours[:-1]).any(axis=1).nonzero()[0]
    assert changes == pytest.approx([90 + 90 * 0.5 / 1.1], abs=1)
    (line,) = axis.collections
    (path,) = line.get_paths()
    assert path.vertices[:, 0] == pytest.approx(0.5, abs=1e-5)
    assert [sorted(map(tuple, mark.get_xydata())) for mark in axis.lines] == [
        [(-1, -1), (-1, 1)],
        [(1, -1), (1, 1)],
    ]
    assert figure.get_gid() == (
        "One panel shows the plane, coloured by the predicted class, a line where the prediction "
        "changes, and 4 points. On their own colour: a line: 100.0%."
    )


def test_boundaries_of_several_classes_and_models():
    towards = torch.tensor([[-1.0, 0], [1, 0], [0, -1]])
    models = {
        "three": lambda x: x @ towards.T,
        "one": lambda x: torch.tensor([0.0, 9, 0]).repeat(len(x), 1),
    }
    figure = plots.decision_boundary(models, CORNERS, n_points=3)
    three, one = figure.axes
    assert [axis.get_title() for axis in figure.axes] == ["three", "one"]
    assert [len(axis.lines) for axis in (three, one)] == [3, 3]
    assert len({tuple(colour) for colour in one.images[0].get_array().reshape(-1, 4)}) == 1
    assert len(one.collections) == 0  # one colour all over, and no line
    assert len(three.collections) == 2
    assert figure.get_gid().startswith("2 panels show the plane")
    assert figure.get_gid().endswith("three: 100.0%, one: 33.3%.")


def test_what_cannot_be_drawn_in_the_plane_is_refused():
    with pytest.raises(ValueError, match="models is empty"):
        plots.decision_boundary({}, CORNERS)
    for shape in ((4, 3), (4,), (0, 2)):
        points = Examples(torch.zeros(shape), torch.zeros(shape[0], dtype=torch.int64))
        with pytest.raises(ValueError, match=r"points in the plane, of shape \[N, 2\]"):
            plots.decision_boundary({"": right_of}, points)
