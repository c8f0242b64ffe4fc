"""Build mnist_1d.npz, the default MNIST-1D data, with the package mnist1d, which makes them.

Without installing mnist1d: its wheel (14 KB) is downloaded by pip, checked, and used from a
temporary folder. It needs SciPy, which the book's requirements have:

    python tools/mnist_1d_from_pypi.py [FILE]

FILE is by default the one that the package ships. The numbers are the same whenever this is run;
afterwards, write the SHA-256 sum that this prints into the module `mnist_1d`.
"""

import hashlib
import importlib
import sys
import tempfile
import types
from pathlib import Path

import numpy as np
import wheels

FILE = Path(__file__).parents[1] / "src/torchbook/data/sets/signals/mnist_1d.npz"
PACKAGE = "mnist1d==0.0.2.post1"
WHEEL_SHA256 = "e780fadc12ab6e45994dcb02bbe728b347243e0a5d13790f2a86992500eceb86"


def make() -> dict[str, np.ndarray]:
    """Return the data as the package makes them by default."""
    with tempfile.TemporaryDirectory() as folder:
        wheels.fetch(PACKAGE, WHEEL_SHA256).extractall(folder)
        # It imports `requests` for its download, which isn't used here.
        sys.modules.setdefault("requests", types.ModuleType("requests"))
        sys.path.insert(0, folder)
        try:
            data = importlib.import_module("mnist1d.data")
            return data.make_dataset(data.get_dataset_args())
        finally:
            sys.path.remove(folder)


def rounded(made: dict) -> dict[str, np.ndarray]:
    """Return what the package ships: signals in float16, digits in uint8."""
    return {
        "train": made["x"].astype(np.float16),
        "train_digits": made["y"].astype(np.uint8),
        "test": made["x_test"].astype(np.float16),
        "test_digits": made["y_test"].astype(np.uint8),
        "shapes": made["templates"]["x"].astype(np.float32),
    }


def main() -> None:
    """Make the data and write them."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    arrays = rounded(make())
    np.savez_compressed(file, **arrays)
    sizes = ", ".join(f"{name} {list(array.shape)}" for name, array in arrays.items())
    print(f"{file}: {sizes}, SHA-256 {hashlib.sha256(file.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
