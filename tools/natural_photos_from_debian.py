"""Build natural_photos.zip, backgrounds.zip and their NOTICE.txt from Debian 12's packages.

Without root, and without installing anything: the packages below are downloaded (about 350 MB) and
unpacked into a temporary folder; what is on the lists is cut to a square and saved at 256 pixels.
With the same version of Pillow the result is the same, byte for byte:

    python tools/natural_photos_from_debian.py [FOLDER]

FOLDER is by default the one that the package ships. Afterwards, write the SHA-256 sums that this
prints into the modules `natural_photos` and `backgrounds`. A picture's licence is what Debian's
copyright file of its package, or a file beside the picture, says about it.
"""

import bz2
import hashlib
import struct
import subprocess
import sys
import tempfile
import textwrap
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets" / "natural"
SIDE = 256  # pixels

# A short name for each package, its version, and the folder that holds the pictures.
PACKAGES = {
    "avatars": ("plasma-workspace-data", "4:5.27.5-2+deb12u2", "usr/share/plasma/avatars/photos"),
    "faces": ("gnome-control-center-data", "1:43.6-2~deb12u1", "usr/share/pixmaps/faces"),
    "gcompris": ("gcompris-qt-data", "3.1-2", "usr/share/gcompris-qt/rcc"),
    "gimp": ("gimp-data", "2.10.34-1+deb12u10", "usr/share/gimp/2.0/patterns"),
    "lomiri": ("lomiri-wallpapers-16.04", "20.04.0-2", "usr/share/backgrounds"),
    "lxqt": ("lxqt-themes", "1.2.0-1", "usr/share/lxqt/wallpapers"),
    "mate": ("mate-backgrounds", "1.26.0-1", "usr/share/backgrounds/mate/nature"),
    "palapeli": ("palapeli-data", "4:22.12.3-1", "usr/share/palapeli/collection"),
    "plasma": ("plasma-workspace-wallpapers", "4:5.27.5-2", "usr/share/wallpapers"),
    "scipy": ("python3-scipy", "1.10.1-2", "usr/lib/python3/dist-packages/scipy/misc"),
    "skimage": ("python3-skimage", "0.19.3-8", "usr/lib/python3/dist-packages/skimage/data"),
    "sklearn": (
        "python3-sklearn",
        "1.2.1+dfsg-1",
        "usr/lib/python3/dist-packages/sklearn/datasets/images",
    ),
    "templates": ("tuxpaint-data", "1:0.9.28-sdl2-1", "usr/share/tuxpaint/templates"),
}
# GCompris keeps its pictures in Qt's resource files: which one, and the folder within it.
FARM = "explore_farm_animals.rcc:gcompris/src/activities/explore_farm_animals/resource/animals/"
WORLD = "explore_world_animals.rcc:gcompris/src/activities/explore_world_animals/resource/animals/"
WINDMILL = "categorization.rcc:gcompris/src/activities/categorization/resource/images/renewable/"

PIXABAY = ("Pixabay, Public Domain Pictures, Skitterphoto and Snapwire", "CC0-1.0")
GNOME = ("the GNOME Settings authors", "GPL-2.0-or-later")
BRUNO = ("Bruno Coudoin and others, for GCompris", "GPL-3.0-only")
BARBIN = ("Charles Barbin", "GPL-2.0-or-later")
TUX = ("Bill Kendrick, for Tux Paint (a template, not a stamp)", "GPL-2.0-or-later")
GIMP = ("the GIMP authors", "GPL-3.0-or-later")
STEFON = ("stefonarch", "CC-BY-SA-3.0")
AITZOL = ("Aitzol Berasategi", "CC-BY-4.0")
RISTO = ("Risto Saukonpää", "LGPL-3.0-only")
COMMONS = "https://commons.wikimedia.org/wiki/File:"


@dataclass(frozen=True)
class Picture:
    """A picture to take.

    Attributes:
        name: its path in the archive, without ".jpg": the folder is the class or the split.
        package: a key of PACKAGES.
        file: its path in the package's folder.
        credit: the author, the licence's SPDX name and, where there is one, the original's address.
        square: which square to cut out: its middle (from 0 to 1, from the left and from the top),
            and its side as a share of the picture's shorter side.
    """

    name: str
    package: str
    file: str
    credit: tuple[str, ...]
    square: tuple[float, float, float] = (0.5, 0.5, 1)


PHOTOS = [
    Picture("animal/chameleon", "avatars", "Chameleon.png", PIXABAY),
    Picture("animal/cow", "gcompris", FARM + "cow.webp", BRUNO, (0.545, 0.58, 0.95)),
    Picture("animal/dog", "avatars", "Dog.png", PIXABAY),
    Picture("animal/duck", "gcompris", FARM + "duck.webp", BRUNO),
    Picture("animal/goldfish", "avatars", "Fish.png", PIXABAY),
    Picture("animal/hummingbird", "faces", "hummingbird.jpg", GNOME),
    Picture(
        "animal/koala",
        "gcompris",
        WORLD + "koala.webp",
        ("David Iliff", "CC-BY-SA-3.0", COMMONS + "Koala_climbing_tree.jpg"),
        (0.5, 0.55, 1),
    ),
    Picture(
        "animal/lemur",
        "gcompris",
        WORLD + "lemur.webp",
        ("Sannse", "CC-BY-SA-3.0", COMMONS + "Ring_tailed_lemur_and_twins.jpg"),
    ),
    Picture(
        "animal/moose",
        "gcompris",
        WORLD + "moose.webp",
        ("Ryan Hagerty", "public domain", COMMONS + "Male_Moose.jpg"),
        (0.48, 0.5, 1),
    ),
    Picture("animal/owl", "avatars", "Owl.png", PIXABAY),
    Picture("animal/parrot", "avatars", "Parrot.png", PIXABAY),
    Picture("animal/pig", "gcompris", FARM + "pig.webp", BRUNO, (0.4, 0.5, 0.9)),
    Picture(
        "animal/polar_bear",
        "gcompris",
        WORLD + "polar_bear.webp",
        ("Arturo de Frias Marques", "CC-BY-SA-4.0", COMMONS + "Polar_Bear_AdF.jpg"),
        (0.55, 0.5, 1),
    ),
    Picture(
        "animal/raccoon",
        "scipy",
        "face.dat",
        ("public-domain-image.com", "public domain", "http://www.public-domain-image.com"),
    ),
    Picture("animal/sheep", "gcompris", FARM + "sheep.webp", BRUNO),
    Picture("mineral/balloon", "avatars", "Air Balloon.png", PIXABAY),
    Picture(
        "mineral/boats",
        "plasma",
        "EveningGlow/contents/images/2560x1600.jpg",
        ("Ian Hex", "LGPL-3.0-only"),
        (0.35, 0.68, 0.85),
    ),
    Picture("mineral/book", "faces", "book.jpg", GNOME),
    Picture(
        "mineral/bridge",
        "palapeli",
        "cincinnati-bridge.jpg",
        ("Derek Jensen", "public domain", COMMONS + "Cincinnati-roebling-suspension-bridge.jpg"),
    ),
    Picture("mineral/brushes", "avatars", "Brushes.png", PIXABAY),
    Picture("mineral/car", "avatars", "Car.png", PIXABAY),
    Picture("mineral/football", "avatars", "Soccer.png", PIXABAY),
    Picture("mineral/gamepad", "avatars", "Gamepad.png", PIXABAY),
    Picture("mineral/gears", "templates", "wool_mill_machine.jpg", TUX),
    Picture("mineral/headphones", "faces", "headphones.jpg", GNOME),
    Picture("mineral/lighthouse", "templates", "lighthouse.jpg", TUX, (0.45, 0.36, 1)),
    Picture(
        "mineral/pavilion",
        "sklearn",
        "china.jpg",
        (
            "danielbuechele",
            "CC-BY-2.0",
            "https://www.flickr.com/photos/danielbuechele/6061409035/",
        ),
    ),
    Picture(
        "mineral/rocket",
        "skimage",
        "rocket.jpg",
        (
            "SpaceX",
            "public domain",
            "https://www.flickr.com/photos/spacexphotos/16511594820/",
        ),
    ),
    Picture("mineral/shuttle", "avatars", "Shuttle.png", PIXABAY),
    Picture(
        "mineral/windmill",
        "gcompris",
        WINDMILL + "windmill.webp",
        ("G-Man", "public domain", COMMONS + "Chesterton_Windmill.jpg"),
        (0.5, 0.45, 1),
    ),
    Picture("vegetable/apple_blossom", "lxqt", "appleflower.png", STEFON, (0.6, 0.5, 0.9)),
    Picture("vegetable/corn", "templates", "corn_maze.jpg", TUX),
    Picture(
        "vegetable/dandelion",
        "lomiri",
        "seeding_by_Clements_Engelhardt.jpg",
        ("Clemens Engelhardt", "CC0-1.0"),
        (0.32, 0.45, 0.85),
    ),
    Picture(
        "vegetable/fig",
        "lomiri",
        "Picture_0B_by_freespace.jpg",
        ('Trevor "Freespace"', "CC-BY-4.0"),
        (0.56, 0.48, 0.62),
    ),
    Picture(
        "vegetable/leaf",
        "plasma",
        "FallenLeaf/contents/images/2560x1600.jpg",
        ("Martin Klapetek", "LGPL-3.0-only"),
        (0.71, 0.62, 0.75),
    ),
    Picture("vegetable/leaves", "templates", "sun_behind_leaves.jpg", TUX, (0.4, 0.5, 1)),
    Picture("vegetable/lily", "faces", "flower2.jpg", GNOME),
    Picture("vegetable/marigold", "mate", "Garden.jpg", BARBIN, (0.75, 0.5, 1)),
    Picture("vegetable/meadow_flowers", "lxqt", "flowers.png", STEFON, (0.55, 0.42, 0.75)),
    Picture(
        "vegetable/orange_flower", "mate", "FreshFlower.jpg", ("Jens Ansorg", "GPL-2.0-or-later")
    ),
    Picture("vegetable/sunflower", "avatars", "Sunflower.png", PIXABAY),
    Picture("vegetable/tomatoes", "faces", "tomatoes.jpg", GNOME),
    Picture("vegetable/tree", "faces", "tree.jpg", GNOME),
    Picture(
        "vegetable/wet_leaf",
        "mate",
        "RainDrops.jpg",
        ("blackcombwhistler07", "GPL-2.0-or-later"),
    ),
    Picture("vegetable/yellow_flower", "mate", "YellowFlower.jpg", BARBIN, (0.75, 0.5, 1)),
]

BACKGROUNDS = [
    Picture("train/bark", "gimp", "Wood/bark.pat", GIMP),
    Picture("train/beam", "lxqt", "beam.png", STEFON),
    Picture("train/brick_wall", "gimp", "Stone/brick.pat", GIMP),
    Picture("train/bricks", "skimage", "brick.png", ("CC0Textures", "CC0-1.0")),
    Picture("train/burlwood", "gimp", "Wood/burlwood.pat", GIMP),
    Picture("train/burnt_wood", "templates", "burnt_bark.jpg", TUX),
    Picture("train/clouds", "templates", "sun_behind_clouds.jpg", TUX),
    Picture(
        "train/deck",
        "plasma",
        "BytheWater/contents/images/2560x1600.jpg",
        ("Maciej Wiklo", "LGPL-3.0-only"),
    ),
    Picture("train/dry_ground", "gimp", "Stone/ground1.pat", GIMP),
    Picture(
        "train/dune",
        "mate",
        "Dune.jpg",
        ("Marco Cogoni", "GPL-2.0-or-later"),
    ),
    Picture("train/fog", "lxqt", "fog.jpg", STEFON),
    Picture("train/forest", "plasma", "Path/contents/images/2560x1600.jpg", RISTO),
    Picture("train/grass", "skimage", "grass.png", ("Linolafett", "CC0-1.0")),
    Picture("train/hills", "lxqt", "this-is-not-windows.jpg", STEFON),
    Picture("train/lake", "plasma", "summer_1am/contents/images/2560x1600.jpg", RISTO),
    Picture("train/marble", "gimp", "Stone/pink_marble.pat", GIMP),
    Picture("train/meadow", "lomiri", "aitzgorri_by_Aitzol_Berasategi.jpg", AITZOL),
    Picture("train/mountain", "faces", "mountain.jpg", GNOME),
    Picture("train/paper", "gimp", "Paper/crinklepaper.pat", GIMP),
    Picture("train/parquet", "gimp", "Wood/parque1.pat", GIMP),
    Picture("train/pebbles", "templates", "rocks.jpg", TUX),
    Picture("train/redwoods", "templates", "redwoods_above.jpg", TUX),
    Picture(
        "train/boards",
        "mate",
        "Wood.jpg",
        ("Jean-François Fortin Tam", "GPL-2.0-or-later"),
    ),
    Picture("train/splash", "templates", "ocean_splash.jpg", TUX),
    Picture("train/stream", "lomiri", "life_by_Aitzol_Berasategi.jpg", AITZOL),
    Picture("train/sunset", "lxqt", "after-the-rain.jpg", STEFON),
    Picture("train/tree_tops", "templates", "trees_above.jpg", TUX),
    Picture("train/walnut_wood", "gimp", "Wood/walnut.pat", GIMP),
    Picture("train/waves", "templates", "ocean_waves.jpg", TUX),
    Picture("train/yellow_wood", "gimp", "Wood/wood1.pat", GIMP),
    Picture(
        "valid/colours", "lomiri", "umang_by_Abhishek_Mudgal.jpg", ("Abhishek Mudgal", "CC-BY-4.0")
    ),
    Picture("valid/dusk", "plasma", "DarkestHour/contents/images/2560x1600.jpg", RISTO),
    Picture(
        "valid/grass",
        "mate",
        "GreenMeadow.jpg",
        ("Timothy Schellhase", "GPL-2.0-or-later"),
    ),
    Picture("valid/gravel", "skimage", "gravel.png", ("CC0Textures", "CC0-1.0")),
    Picture("valid/mossy_bark", "templates", "mossy_bark.jpg", TUX, (0.5, 0.5, 0.86)),
    Picture("valid/mudstone", "templates", "mudstone.jpg", TUX),
    Picture("valid/path", "lomiri", "picosdeeuropa_by_Aitzol_Berasategi.jpg", AITZOL),
    Picture("valid/sky", "lxqt", "cloud.png", STEFON),
    Picture("valid/stone_wall", "gimp", "Stone/stone33.pat", GIMP),
    Picture("valid/storm", "mate", "Storm.jpg", ("Sergey Nazarov", "GPL-2.0-or-later")),
]

LICENCES = {
    "CC-BY-2.0": "https://creativecommons.org/licenses/by/2.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "GPL-2.0-or-later": "LICENSE.GPL-2 in the folder ../stamps",
    "GPL-3.0-only": "LICENSE.GPL-3 beside this file",
    "GPL-3.0-or-later": "LICENSE.GPL-3 beside this file",
    "LGPL-3.0-only": "LICENSE.LGPL-3 and LICENSE.GPL-3 beside this file",
}
NOTICE = """\
45 photos with natural backgrounds (natural_photos.zip), 40 textures and scenes (backgrounds.zip),
256 x 256 pixels, JPEG. Each keeps its own licence, named below, which also holds for what is made
from it; it does not hold for the code, nor the code's MIT License for the pictures.

Changed from the sources, in every picture: a square was cut out ("whole": the largest, from the
middle), resized to 256 pixels with a Lanczos filter, and saved as JPEG at quality 85. Patterns of
GIMP were repeated to fill the square. tools/natural_photos_from_debian.py does this.
"""


def main() -> None:
    """Build both archives and the notice in the folder that the command line names."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    notice = [NOTICE, "Licences:"]
    notice += [f"  {name}: {where}" for name, where in LICENCES.items()]
    with tempfile.TemporaryDirectory() as temporary:
        roots = {name: download(name, Path(temporary)) for name in PACKAGES}
        for archive, pictures in (("natural_photos", PHOTOS), ("backgrounds", BACKGROUNDS)):
            files = {
                f"{archive}/{picture.name}.jpg": cut(picture, roots[picture.package])
                for picture in pictures
            }
            target = folder / f"{archive}.zip"
            write_zip(target, files)
            print(f"{target}: {hashlib.sha256(target.read_bytes()).hexdigest()}")
            notice += ["", f"{archive}.zip", ""]
            notice += [line for picture in pictures for line in credit(picture)]
    (folder / "NOTICE.txt").write_text("\n".join(notice) + "\n", encoding="utf-8")


def download(name: str, temporary: Path) -> Path:
    """Download and unpack a package; return the folder that holds its pictures."""
    package, version, folder = PACKAGES[name]
    place = temporary / name
    place.mkdir()
    subprocess.run(["apt-get", "-qq", "download", f"{package}={version}"], cwd=place, check=True)
    subprocess.run(["dpkg-deb", "-x", next(place.glob("*.deb")), place], check=True)
    return place / folder


def cut(picture: Picture, root: Path) -> bytes:
    """Cut the square out of a picture; return it as a JPEG file."""
    image = read(root, picture.file)
    x, y, share = picture.square
    side = share * min(image.size)
    left = min(max(x * image.width - side / 2, 0), image.width - side)
    top = min(max(y * image.height - side / 2, 0), image.height - side)
    box = (left, top, left + side, top + side)
    square = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
    file = BytesIO()
    square.save(file, "JPEG", quality=85, optimize=True)
    return file.getvalue()


def read(root: Path, file: str) -> Image.Image:
    """Read a picture in one of the formats of these packages, in RGB."""
    if ".rcc:" in file:
        resource, path = file.split(":")
        return Image.open(BytesIO(from_qt_resource((root / resource).read_bytes(), path))).convert(
            "RGB"
        )
    if file.endswith(".dat"):
        return Image.frombytes("RGB", (1024, 768), bz2.decompress((root / file).read_bytes()))
    if file.endswith(".pat"):
        return gimp_pattern((root / file).read_bytes())
    return Image.open(root / file).convert("RGB")


def gimp_pattern(content: bytes) -> Image.Image:
    """Read a pattern of GIMP, a tile without seams, and repeat it to at least 256 pixels."""
    header, _, width, height, channels = struct.unpack(">5I", content[:20])
    mode = {1: "L", 3: "RGB"}[channels]
    pixels = content[header : header + width * height * channels]
    tile = Image.frombytes(mode, (width, height), pixels).convert("RGB")
    tiled = Image.new("RGB", (SIDE, SIDE))
    for x in range(0, SIDE, width):
        for y in range(0, SIDE, height):
            tiled.paste(tile, (x, y))
    return tiled


def from_qt_resource(content: bytes, path: str) -> bytes:
    """Take one file out of a resource file of Qt (rcc, version 2 or 3), uncompressed or zlib."""
    _, tree, data, names = struct.unpack(">4I", content[4:20])
    node = 0
    for part in path.split("/"):
        count, first = struct.unpack(">2I", content[tree + 22 * node + 6 :][:8])
        for child in range(first, first + count):
            name = names + struct.unpack(">I", content[tree + 22 * child :][:4])[0]
            length = struct.unpack(">H", content[name : name + 2])[0]
            if content[name + 6 : name + 6 + 2 * length].decode("utf-16-be") == part:
                node = child
                break
        else:
            raise FileNotFoundError(f"no {part} on the way to {path}")
    flags = struct.unpack(">H", content[tree + 22 * node + 4 :][:2])[0]
    start = data + struct.unpack(">I", content[tree + 22 * node + 10 :][:4])[0]
    length = struct.unpack(">I", content[start : start + 4])[0]
    stored = content[start + 4 : start + 4 + length]
    return zlib.decompress(stored[4:]) if flags & 1 else stored


def write_zip(target: Path, files: dict[str, bytes]) -> None:
    """Write a zip file that depends on nothing but its content."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, files[name])


def credit(picture: Picture) -> list[str]:
    """Return the notice's lines about a picture."""
    author, licence, *address = picture.credit
    package, version, _ = PACKAGES[picture.package]
    x, y, share = picture.square
    square = (
        "whole"
        if picture.square == (0.5, 0.5, 1)
        else f"square of {share:g} of the shorter side around ({x:g}, {y:g})"
    )
    text = f"by {author}; {licence}; {picture.file.split(':')[-1]} of Debian's {package} {version}"
    text = "; ".join([text, *address, square])
    indented = {"initial_indent": "  ", "subsequent_indent": "  ", "break_long_words": False}
    lines = textwrap.wrap(text, 100, break_on_hyphens=False, **indented)
    return [f"{picture.name}.jpg", *lines]


if __name__ == "__main__":
    main()
