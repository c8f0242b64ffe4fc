"""Word vectors: 50 numbers for each of 8,000 common English words, shipped with the package.

Source: `glove.6B.50d` of GloVe, by J. Pennington, R. Socher and C. D. Manning,
https://nlp.stanford.edu/projects/glove/ , trained on Wikipedia of 2014 and Gigaword 5. Licence:
PDDL-1.0. What was changed, and the licence, are in the folder `texts` beside this file.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from torchbook.data.download import verify_files

FILE = Path(__file__).parent / "texts" / "word_vectors.npz"
SHA256 = "181aa7a4ae8167584606f0fdf143cd4f75b83450da6c4239cedfeea55a3b405b"


def load_word_vectors() -> tuple[list[str], Tensor]:
    """Return the words, the commonest first, and their vectors.

    Returns:
        A list of N words, and a float32 tensor [N, 50].

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    verify_files(FILE.parent, {FILE.name: SHA256})
    with np.load(FILE) as file:
        words = file["words"].tobytes().decode("ascii").split("\n")
        vectors = torch.from_numpy(file["vectors"]) * float(file["scale"])
    return words, vectors
