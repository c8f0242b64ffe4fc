"""Three photos to test a trained model with: a cat, a flower and a cup of coffee.

Sources and licences (CC0-1.0, CC-BY-2.0) are in the folder `samples` beside this file. They belong
to no data set, so that no model has learned from them.
"""

from pathlib import Path

FOLDER = Path(__file__).parent / "samples"


def sample_photos() -> dict[str, Path]:
    """Return the path of one JPEG file for each class: animal, mineral and vegetable."""
    return {
        "animal": FOLDER / "cat.jpg",
        "mineral": FOLDER / "coffee.jpg",
        "vegetable": FOLDER / "flower.jpg",
    }
