"""The book's recurring figures. Each function returns the figure, and gives it its alt text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from torch import Tensor

if TYPE_CHECKING:
    from torchbook.data import Examples

# Not pure black: the book shows pure black in the colour of the page's text, which is light in the
# dark theme. Text on a coloured cell must stay dark there.
INK_ON_COLOUR = "#111111"
WIDTH = 4.6  # inches; shrunk to a phone, text of 10 points is then still readable


def describe(figure: Figure, alt: str) -> Figure:
    """Give a figure its alt text: what one would see, for those who don't.

    It is kept as the figure's group id, the one text of ours that matplotlib writes into an SVG;
    the book's build turns it into the accessible name of the picture on the page. The figure is
    taken from pyplot's hands, so that a notebook shows it once, as the value of its cell.
    """
    figure.set_gid(alt)
    plt.close(figure)
    return figure


def curves(rows: Sequence[Mapping[str, float]]) -> Figure:
    """Draw the loss and each metric over the epochs or steps, for training and validation.

    Args:
        rows: one for each epoch (or evaluation), such as `History.rows`: "epoch" or "step", and
            for each quantity "train_QUANTITY" and "valid_QUANTITY".

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("there is nothing to draw: the history has no epoch yet")
    unit = "epoch" if "epoch" in rows[0] else "step"
    places = [row[unit] for row in rows]
    quantities = [n.removeprefix("train_") for n in rows[0] if n.startswith("train_")]
    n_rows = len(quantities)
    size = (WIDTH, 2.4 * n_rows)
    figure, axes = plt.subplots(
        n_rows, 1, figsize=size, layout="constrained", squeeze=False, sharex=True
    )
    few = len(rows) <= 12  # room for a mark and a number at each
    sentences = []
    for axis, quantity in zip(axes.flat, quantities, strict=True):
        form = ".1%" if quantity == "accuracy" else ".2f"
        paths = []
        for split, style in (("train", "--"), ("valid", "-")):
            values = [row[f"{split}_{quantity}"] for row in rows]
            axis.plot(places, values, style, marker="o" if few else "", label=split)
            paths.append(f"from {values[0]:{form}} to {values[-1]:{form}}")
        axis.set(ylabel=quantity)
        if few:
            axis.set_xticks(places)
        axis.legend()
        train, valid = paths
        sentences.append(f"Training {quantity} goes {train}, validation {quantity} {valid}.")
    axes.flat[-1].set(xlabel=unit)
    charts = {1: "A line chart", 2: "Two line charts"}.get(len(axes.flat), "Line charts")
    length = f"{len(rows)} {'epochs' if unit == 'epoch' else 'evaluations'}"
    return describe(figure, f"{charts} over {length}. {' '.join(sentences)}")


def learning_rates(
    rates: Sequence[float], losses: Sequence[float], smooth: Sequence[float], suggestion: float
) -> Figure:
    """Draw how the loss changed while the learning rate grew, and mark the suggestion.

    Args:
        rates: the learning rate of each step.
        losses: the loss of each step's batch.
        smooth: the same, smoothed.
        suggestion: the rate that is marked.
    """
    figure, axis = plt.subplots(figsize=(WIDTH, 3), layout="constrained")
    axis.plot(rates, losses, "o", markersize=2, alpha=0.4, label="each batch")
    axis.plot(rates, smooth, label="smoothed")
    axis.axvline(suggestion, linestyle=":", color="C3", label="suggestion")
    # Past the best rate the loss explodes: what matters is below where it began.
    axis.set(xlabel="learning rate", ylabel="training loss", xscale="log")
    axis.set_ylim(0.8 * min(smooth), 1.3 * smooth[0])
    axis.legend()
    return describe(
        figure,
        f"Training loss while the learning rate grows from {rates[0]:.1g} to "
        f"{rates[-1]:.1g}: it begins at {smooth[0]:.2f} and is lowest, {min(smooth):.2f}, at "
        f"a rate of {10 * suggestion:.2g}. A dotted line marks a tenth of that.",
    )


def images(images: Tensor, titles: Sequence[str] = (), n_columns: int = 8) -> Figure:
    """Draw images in a grid, each with its title.

    Args:
        images: [N, 1, H, W] grey or [N, 3, H, W] colour; uint8 to 255, or floats from 0 to 1.
        titles: a text above each image, or none.
        n_columns: images in a row.

    Raises:
        ValueError: the images have another shape, or the number of titles is not N.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or len(images) == 0:
        raise ValueError(
            "images must have shape [N, 1, H, W] or [N, 3, H, W] with N of at least 1, but have "
            f"shape {list(images.shape)}; a single image needs images.unsqueeze(0)"
        )
    if titles and len(titles) != len(images):
        raise ValueError(f"expected {len(images)} titles, one for each image, got {len(titles)}")
    n_columns = min(n_columns, len(images))
    white = 255 if images.dtype == torch.uint8 else 1
    n_rows = -(-len(images) // n_columns)
    side = min(1.2, WIDTH / n_columns)
    n_lines = max((title.count("\n") + 1 for title in titles), default=0)
    size = (side * n_columns, (side + 0.2 * n_lines) * n_rows)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=size, layout="constrained", squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for index, image in enumerate(images.cpu()):
        axis = axes.flat[index]
        axis.imshow(
            image.permute(1, 2, 0).numpy(),
            cmap="gray" if len(image) == 1 else None,
            vmin=0,
            vmax=white,
        )
        if titles:
            axis.set_title(titles[index])
    shown = f": {', '.join(title.replace(chr(10), ' ') for title in titles)}" if titles else ""
    return describe(figure, f"A grid of {len(images)} small images{shown}.")


def confusion_matrix(counts: Tensor, classes: Sequence[str]) -> Figure:
    """Draw a confusion matrix: true classes as rows, predicted ones as columns.

    The colour of a cell is its share of its row; the number in it is the count.

    Args:
        counts: [C, C] as `torchbook.metrics.confusion_matrix` returns it.
        classes: C names.

    Raises:
        ValueError: the counts are not a square with a row for each class.
    """
    counts = counts.cpu()
    n_classes = len(classes)
    if counts.shape != (n_classes, n_classes):
        raise ValueError(
            f"counts must have shape {[n_classes, n_classes]} for the {n_classes} classes given, "
            f"but have shape {list(counts.shape)}"
        )
    shares = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
    side = min(1.6 + 0.52 * n_classes, WIDTH)
    figure, axis = plt.subplots(figsize=(side, side), layout="constrained")
    axis.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
    for row in range(n_classes):
        for column in range(n_classes):
            axis.text(
                column,
                row,
                f"{counts[row, column]:d}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shares[row, column] > 0.5 else INK_ON_COLOUR,
            )
    axis.set(xlabel="predicted", ylabel="true")
    axis.set_xticks(range(n_classes), classes, rotation=45, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(n_classes), classes)
    wrong = counts - torch.diag(counts.diag())
    row, column = divmod(int(wrong.argmax()), n_classes)
    mistake = (
        f"The commonest mistake, {wrong[row, column]:,} times: {classes[row]} taken for "
        f"{classes[column]}."
        if wrong.any()
        else "No mistakes."
    )
    return describe(
        figure,
        f"Confusion matrix of {n_classes} classes: {counts.diag().sum():,} of {counts.sum():,} on "
        f"the diagonal. {mistake}",
    )


@torch.inference_mode()
def decision_boundary(
    models: Mapping[str, Callable[[Tensor], Tensor]],
    examples: Examples,
    n_points: int = 80,
) -> Figure:
    """Colour the plane by the class that each model predicts, one panel a model.

    A black line stands where the two largest logits are equal (for a single logit, where it is 0).
    The examples lie on top, each class with its own colour and mark.

    Args:
        models: the title of each panel and its model, which maps points [N, 2] to one logit each,
            [N] or [N, 1], or to a logit for each class, [N, C].
        examples: inputs [N, 2] and labels [N], on the models' device.
        n_points: only the first of the examples are drawn: more of them hide the picture.

    Raises:
        ValueError: there is no model, or the inputs are not points in the plane.
    """
    if not models:
        raise ValueError("there is nothing to draw: models is empty")
    if examples.inputs.ndim != 2 or examples.inputs.shape[1] != 2 or len(examples) == 0:
        raise ValueError(
            "inputs must be points in the plane, of shape [N, 2] with N of at least 1, but have "
            f"shape {list(examples.inputs.shape)}"
        )
    shown = examples[:n_points]
    points, targets = shown.inputs.cpu(), shown.targets.cpu()
    reach = 1.1 * points.abs().max().item()
    ticks = torch.linspace(-reach, reach, 181)
    grid = torch.cartesian_prod(ticks, ticks).flip(1).to(shown.inputs)  # [181 * 181, 2], by rows
    figure, axes = plt.subplots(
        1,
        len(models),
        figsize=(min(2.9 * len(models), 8.4), 3.0),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    shares = []
    for axis, (title, model) in zip(axes.flat, models.items(), strict=True):
        margins = _margins(model(grid)).reshape(181, 181, -1)
        tints = torch.tensor([to_rgba(f"C{k}", 0.25) for k in range(margins.shape[2])])
        axis.imshow(
            tints[margins.argmax(dim=2)].numpy(),
            extent=(-reach, reach, -reach, reach),
            origin="lower",
            interpolation="none",
        )
        for label in range(margins.shape[2]):
            margin = margins[::3, ::3, label].numpy()  # fine enough for a line, and light
            is_last = label == margins.shape[2] - 1  # the lines of the others bound it
            if margin.min() < 0 < margin.max() and not is_last:
                axis.contour(*2 * [ticks[::3]], margin, [0], colors="black", linewidths=1.5)
            mark = "os^DvP"[label % 6]
            axis.plot(*points[targets == label].T, mark, markersize=3, markeredgewidth=0)
        axis.set(title=title, aspect="equal", xlabel="$x_1$")
        right = (_margins(model(shown.inputs)).argmax(dim=1) == targets).float().mean()
        shares.append(f"{title or 'the model'}: {right:.1%}")
    axes[0, 0].set_ylabel("$x_2$")
    panels = f"{len(models)} panels show" if len(models) > 1 else "One panel shows"
    return describe(
        figure,
        f"{panels} the plane, coloured by the predicted class, a line where the prediction "
        f"changes, and {len(shown)} points. On their own colour: {', '.join(shares)}.",
    )


def _margins(logits: Tensor) -> Tensor:
    """Return by how much each class leads the best of the others, [N, C], on the CPU."""
    logits = logits.detach().cpu().float().reshape(len(logits), -1)
    if logits.shape[1] == 1:  # the logit of class 1, against 0 for class 0
        return torch.cat([-logits, logits], dim=1)
    best, second = logits.topk(2, dim=1).values.unbind(dim=1)
    is_best = logits == best[:, None]
    return logits - torch.where(is_best, second[:, None], best[:, None])
