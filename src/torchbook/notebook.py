"""What the book's notebooks load in their first cell: `%load_ext torchbook.notebook`."""

from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make the magic `%%fails` known, for cells that fail on purpose.

    Such a cell shows its error like any other, but "Run all" goes on after it, in Colab too.

    Args:
        shell: the IPython that asks for the extension.
    """

    def fails(line: str, cell: str) -> None:
        """Run a cell that should fail."""
        if shell.run_cell(cell).success:
            print("This cell was meant to fail, but did not.")

    shell.register_magic_function(fails, "cell")
