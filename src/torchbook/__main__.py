"""The entry point of `python -m torchbook` and `torchrun -m torchbook train`."""

from torchbook.apps.cli import main

if __name__ == "__main__":
    main()
