"""Libraries that only some installations have."""

import importlib
from types import ModuleType


def require(name: str, extra: str) -> ModuleType:
    """Import a module of a library that belongs to an extra of this package.

    Raises:
        ImportError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{name.partition('.')[0]} cannot be imported ({error}). To install what is needed: "
            f'pip install "torchbook[{extra}]"'
        ) from error
