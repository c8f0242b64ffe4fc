"""What a live model says of the pictures beside it, asked during the build.

A reader who picks one of them has the answer at once, offline too, without the megabytes of the
model. Only a picture of the reader's own needs the model itself.
"""

from __future__ import annotations

import re
from functools import partial
from os.path import normpath
from pathlib import Path

import numpy as np
from PIL import Image

from torchbook_site.finish.site import Site

FIGURE = re.compile(r'<tb-classifier(?=\s)[^>]*\skind="photo".*?</tb-classifier>', re.S)
MODEL = re.compile(r'\smodel="([^"]*)"')
PICTURE = re.compile(r'<img\b[^>]*\ssrc="(?P<source>[^"]*)"[^>]*?(?=\s*/?>)')


def add_answers(site: Site) -> None:
    """Give each live model of photos its threshold, and its samples the answers to them."""
    for name, html in site.pages.items():
        site.pages[name] = FIGURE.sub(partial(_ask, (site.folder / name).parent), html)


def _ask(folder: Path, figure: re.Match[str]) -> str:
    """Return a figure with its answers; addresses begin in a folder."""
    model = MODEL.search(figure[0])
    if not model or not (path := _file(folder, model[1])).is_file():
        return figure[0]  # the gates name what the site lacks
    import onnxruntime  # takes long to load, and few books have a model to ask

    session = onnxruntime.InferenceSession(path)
    [pixels] = session.get_inputs()

    def add_logits(picture: re.Match[str]) -> str:
        with Image.open(_file(folder, picture["source"])) as image:
            x = np.asarray(image.convert("RGB")).transpose(2, 0, 1)  # uint8 [3, H, W]
        [logits] = session.run(None, {pixels.name: x[None]})
        return f'{picture[0]} data-logits="{" ".join(f"{z:.3f}" for z in logits[0])}"'

    html = PICTURE.sub(add_logits, figure[0])
    threshold = session.get_modelmeta().custom_metadata_map.get("threshold")
    return html.replace(">", f' data-threshold="{threshold}">', 1) if threshold else html


def _file(folder: Path, address: str) -> Path:
    return Path(normpath(folder / address))
