"""The data sets, verified on arrival and split, and fast batches on the device."""

from torchbook.data.batches import Batches, scale_to_unit
from torchbook.data.examples import Examples, Splits, split
from torchbook.data.fashion_mnist import load_fashion_mnist
from torchbook.data.streamed import StreamedBatches
from torchbook.data.used_cars import load_used_cars
from torchbook.data.verify import DataCorruptError, DataUnavailableError, cache_dir

__all__ = [
    "Batches",
    "DataCorruptError",
    "DataUnavailableError",
    "Examples",
    "Splits",
    "StreamedBatches",
    "cache_dir",
    "load_fashion_mnist",
    "load_used_cars",
    "scale_to_unit",
    "split",
]
