"""Fetch Fashion-MNIST as a Debian package, without root and without installing it.

`make data` runs this where the ordinary download fails: some machines reach a Debian mirror but not
the internet.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from torchbook.data.download import DataUnavailableError, obtain
from torchbook.data.sets import fashion_mnist

PACKAGE = "dataset-fashion-mnist"


def main() -> None:
    """Put the verified files into the cache."""
    source = (f"Debian package {PACKAGE}", download)
    try:
        folder = obtain("Fashion-MNIST", fashion_mnist.raw_folder(), fashion_mnist.SHA256, [source])
    except DataUnavailableError as error:
        sys.exit(f"error: {error}")
    print(f"Fashion-MNIST is in {folder}, from the Debian package")


def download(destination: Path) -> None:
    """Download the package with apt-get, and unpack its files into `destination`."""
    with tempfile.TemporaryDirectory(dir=destination.parent) as temporary:
        lists = Path(temporary) / "lists"
        (lists / "partial").mkdir(parents=True)
        # Package lists of our own, because the system's may be missing or out of date.
        options = ["-qq", "-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={temporary}"]
        run(["apt-get", *options, "update"], temporary)
        run(["apt-get", *options, "download", PACKAGE], temporary)
        package = next(Path(temporary).glob(f"{PACKAGE}_*.deb"), None)
        if package is None:
            raise RuntimeError("apt-get downloaded no package")
        run(["dpkg-deb", "-x", str(package), "unpacked"], temporary)
        unpacked = Path(temporary, "unpacked", *fashion_mnist.DEBIAN_FOLDER.parts[1:])
        fashion_mnist.unpack_debian(unpacked, destination)


def run(command: list[str], folder: str) -> None:
    """Run a command in a folder; raise RuntimeError with its last line if it fails."""
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
    except FileNotFoundError:
        raise RuntimeError(f"this machine has no {command[0]}") from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().splitlines()[-1:] or [f"exit status {error.returncode}"]
        raise RuntimeError(f"{command[0]} failed: {reason[0]}") from error


if __name__ == "__main__":
    main()
