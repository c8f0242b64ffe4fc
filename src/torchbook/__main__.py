"""So that `python -m torchbook` and `torchrun -m torchbook train` work."""

from torchbook.apps.cli import main

if __name__ == "__main__":
    main()
