"""The package behind Torchbook, an executable book on deep learning with PyTorch.

Import what you need from its modules: `torchbook.data`, `torchbook.models`, `torchbook.training`,
`torchbook.metrics`, `torchbook.plots`, `torchbook.runtime`, `torchbook.export`; `torchbook.claims`
and `torchbook.exercises` serve the book itself. `torchbook.cli` is the command line.
"""

from importlib.metadata import version

__version__ = version("torchbook")
