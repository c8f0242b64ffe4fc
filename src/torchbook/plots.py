"""The book's recurring figures. Each function returns the figure, and gives it its alt text."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from torchbook.training import History

# Not pure black: the book shows pure black in the colour of the page's text, which is light in the
# dark theme. Text that stands on a coloured cell must stay dark there.
INK_ON_COLOUR = "#111111"


def describe(figure: Figure, alt: str) -> Figure:
    """Give a figure its alt text: what one would see, for those who don't.

    It is kept as the figure's group id, the one text of ours that matplotlib writes into an SVG;
    the book's build turns it into the accessible name of the picture on the page. The figure is
    taken from pyplot's hands, so that a notebook shows it once, as the value of its cell.
    """
    figure.set_gid(alt)
    plt.close(figure)
    return figure


def curves(history: History) -> Figure:
    """Draw loss and accuracy over the epochs, for the training and the validation split.

    Raises:
        ValueError: the history has no epoch.
    """
    if not history.rows:
        raise ValueError("there is nothing to draw: the history has no epoch yet")
    epochs = history.column("epoch")
    few = len(epochs) <= 12  # room for a mark and a number at each epoch
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for split, style in (("train", "--"), ("valid", "-")):
            column = history.column(f"{split}_{quantity}")
            axis.plot(epochs, column, style, marker="o" if few else "", label=split)
        axis.set(xlabel="epoch", ylabel=quantity)
        if few:
            axis.set_xticks(epochs)
        axis.legend()
    first, last = history.rows[0], history.rows[-1]
    return describe(
        figure,
        f"Two line charts over {len(history)} epochs. Training loss goes from "
        f"{first['train_loss']:.2f} to {last['train_loss']:.2f}, validation loss from "
        f"{first['valid_loss']:.2f} to {last['valid_loss']:.2f}. Training accuracy goes from "
        f"{first['train_accuracy']:.1%} to {last['train_accuracy']:.1%}, validation accuracy from "
        f"{first['valid_accuracy']:.1%} to {last['valid_accuracy']:.1%}.",
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
    figure, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(1.2 * n_columns, (1.45 if titles else 1.2) * n_rows),
        layout="constrained",
        squeeze=False,
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
            axis.set_title(titles[index], fontsize=8)
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
    side = 1.6 + 0.52 * n_classes
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
