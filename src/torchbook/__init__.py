"""The package behind Torchbook, an executable book on deep learning with PyTorch.

Imports point from bottom to top: `book` (what only the book needs), `apps` (command line, export,
tracking), `training`, then `data` and `models`, and at the top `device`, `metrics` and `plots`.
"""

from importlib.metadata import version

__version__ = version("torchbook")
