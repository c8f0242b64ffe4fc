"""Build the recordings of chapter 18 from eSpeak NG and from three packages of Debian 12.

Without root, and without installing anything into the book's environment: the wheel of
espeakng-loader (10 MB) and the Debian packages below (about 80 MB) are downloaded and unpacked into
a temporary folder. Only the tones need a package that the book does not (it reads Ogg files):

    pip install soundfile
    python tools/spoken_words.py [FOLDER]

FOLDER is by default the one that the package ships. Afterwards, write the SHA-256 sums that this
prints into the module `spoken_words`. Every sound is cut to what is said, brought to one loudness
and packed into 4 bits for each sample; the same packages give the same bytes.
"""

import ctypes
import hashlib
import io
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np
import wheels

from torchbook.data.sets.adpcm import encode

FOLDER = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets" / "speech"
ESPEAK = "espeakng-loader==0.2.4"
ESPEAK_SHA256 = "08721baf27d13d461f6be6eed9a65277e70d68234ff484fd8b9897b222cdcb6d"
RATE = 8000  # samples per second
TONE_RATE = 4000  # enough for the pitch of a voice
SEED = 18

# Debian's packages: their versions, and where their sounds are.
PACKAGES = {
    "asterisk-core-sounds-en-wav": ("1.6.1-1", "usr/share/asterisk/sounds/en_US_f_Allison/digits"),
    "asterisk-core-sounds-fr-wav": ("1.6.1-1", "usr/share/asterisk/sounds/fr_CA_f_June/digits"),
    "asterisk-core-sounds-it-wav": ("1.6.1-1", "usr/share/asterisk/sounds/it_IT_m_Carlo/digits"),
    "asterisk-core-sounds-ru-wav": (
        "1.6.1-1",
        "usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU/digits",
    ),
    "saytime": ("1.0-35+b1", "usr/share/saytime"),
    "gcin-voice": ("0~20170223-3", "usr/share/gcin-voice/ogg"),
}
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
# eSpeak NG's accents of English, and its variants that are meant to sound like a person.
ACCENTS = (
    "en",
    "en-US",
    "en-029",
    "en-GB-scotland",
    "en-GB-x-gbclan",
    "en-GB-x-gbcwmd",
    "en-GB-x-rp",
    "en-US-nyc",
)
LEFT_OUT = {"Demonic", "UniRobot", "anikaRobot", "croak", "whisper", "whisperf", "fast", "Tweaky"}
LEFT_OUT |= {"Storm", "AnxiousAndy", "Mr serious", "robosoft"}
LEFT_OUT |= {f"robosoft{i}" for i in range(2, 9)}
# Who reads the numbers from 0 to 20: the name, the package, the language for eSpeak NG.
READERS = (
    ("Allison", "asterisk-core-sounds-en-wav", "en-US"),
    ("David", "saytime", "en-US"),
    ("June", "asterisk-core-sounds-fr-wav", "fr"),
    ("Carlo", "asterisk-core-sounds-it-wav", "it"),
    ("IvrvoiceRU", "asterisk-core-sounds-ru-wav", "ru"),
)
SYLLABLES_PER_TONE = 100


class Espeak:
    """The speech synthesiser eSpeak NG, through its C interface.

    Args:
        folder: the package espeakng_loader, unpacked.
    """

    def __init__(self, folder: Path) -> None:
        self.library = ctypes.CDLL(str(folder / "libespeak-ng.so"))
        synchronous = 2
        self.rate = self.library.espeak_Initialize(synchronous, 0, str(folder).encode(), 0)
        self.parts: list[np.ndarray] = []
        pointer = ctypes.POINTER(ctypes.c_short)
        kind = ctypes.CFUNCTYPE(ctypes.c_int, pointer, ctypes.c_int, ctypes.c_void_p)
        self.callback = kind(self._receive)
        self.library.espeak_SetSynthCallback(self.callback)

    def _receive(self, samples: ctypes.Array, n: int, events: int) -> int:
        if samples and n:
            self.parts.append(np.ctypeslib.as_array(samples, (n,)).copy())
        return 0

    def say(self, text: str, voice: str, speed: int, pitch: int, pitch_range: int) -> np.ndarray:
        """Return the samples of a text, from -1 to 1, at `rate` samples per second."""
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SystemExit(f"eSpeak NG has no voice {voice}")
        for parameter, value in ((1, speed), (3, pitch), (4, pitch_range)):
            self.library.espeak_SetParameter(parameter, value, 0)
        self.parts.clear()
        raw = text.encode()
        size = ctypes.c_size_t(len(raw) + 1)
        utf8 = 1
        self.library.espeak_Synth(ctypes.c_char_p(raw), size, 0, 0, 0, utf8, None, None)
        self.library.espeak_Synchronize()
        return np.concatenate(self.parts) / 32768


def resample(sound: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Change the sampling rate; what the new one can't hold is cut off, not folded back."""
    margin = 20 * (rate // new_rate + 1)
    padded = np.pad(sound, margin)
    n = round(len(padded) * new_rate / rate)
    spectrum = np.fft.rfft(padded)
    kept = np.zeros(n // 2 + 1, complex)
    m = min(len(spectrum), len(kept))
    kept[:m] = spectrum[:m]
    return np.fft.irfft(kept, n) * n / len(padded)


def trim(sound: np.ndarray, rate: int) -> np.ndarray:
    """Cut off what's 42 dB below the loudest hundredth of a second, but 20 or 30 ms, and scale."""
    size = rate // 100
    n = len(sound) // size
    loudness = (sound[: n * size].reshape(n, size) ** 2).mean(axis=1)
    loud = np.flatnonzero(loudness > loudness.max() * 10 ** (-42 / 10))
    start = max(0, loud[0] - 2) * size
    sound = sound[start : (loud[-1] + 3) * size][:rate]  # a second at most
    return 0.9 * sound / np.abs(sound).max()


def read_wave(file: Path) -> np.ndarray:
    """Return the samples of a WAV file of 16 bits, from -1 to 1."""
    with wave.open(str(file)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2") / 32768


def read_mu_law(file: Path) -> np.ndarray:
    """Return the samples of a file of 8-bit mu-law, with Sun's header or without."""
    codes = np.frombuffer(file.read_bytes(), np.uint8)
    if codes[:4].tobytes() == b".snd":
        codes = codes[int.from_bytes(codes[4:8].tobytes(), "big") :]
    codes = ~codes
    exponent, mantissa = (codes >> 4) & 7, (codes & 15).astype(int)
    size = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(codes & 0x80, -size, size) / 32768


def read_number(folders: dict[str, Path], package: str, number: int) -> np.ndarray:
    """Return a number that a person reads, in one of the packages."""
    if package == "saytime":
        return read_mu_law(folders[package] / f"{number}.au")
    return read_wave(folders[package] / f"{number}.wav")


def unpack(temporary: Path) -> dict[str, Path]:
    """Download the Debian packages and return the folders of their sounds."""
    folders = {}
    for package, (version, sounds) in PACKAGES.items():
        command = ["apt-get", "download", f"{package}={version}"]
        subprocess.run(command, cwd=temporary, check=True, capture_output=True)
        (archive,) = temporary.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, temporary / package], check=True)
        folders[package] = temporary / package / sounds
    return folders


def voices(espeak: Path) -> list[str]:
    """Return the names of eSpeak NG's variants, in random order."""
    folder = espeak / "espeak-ng-data" / "voices" / "!v"
    names = sorted(file.name for file in folder.iterdir() if file.name not in LEFT_OUT)
    np.random.default_rng(SEED).shuffle(names)
    return names


def synthetic_digits(espeak: Espeak, names: list[str]) -> list[tuple[np.ndarray, int, int]]:
    """Return the ten digits in each voice, each in a random accent, speed and pitch."""
    random = np.random.default_rng(SEED)
    clips = []
    for speaker, name in enumerate(names):
        for label, word in enumerate(DIGITS):
            voice = f"{random.choice(ACCENTS)}+{name}"
            speed, pitch, pitch_range = random.integers((120, 25, 30), (200, 75, 80)).tolist()
            sound = espeak.say(word, voice, speed, pitch, pitch_range)
            clips.append((trim(resample(sound, espeak.rate, RATE), RATE), label, speaker))
    return clips


def human_digits(folders: dict[str, Path]) -> list[tuple[np.ndarray, int, int]]:
    """Return the ten digits as two people say them."""
    clips = []
    for speaker, (_, package, _) in enumerate(READERS[:2]):
        for label in range(10):
            clips.append((trim(read_number(folders, package, label), RATE), label, speaker))
    return clips


def pairs(
    espeak: Espeak, names: list[str], folders: dict[str, Path]
) -> list[tuple[np.ndarray, int, int]]:
    """Return the numbers from 0 to 20 by each reader (0) and by synthetic voices (1).

    The speaker is the reader's place. The synthetic voices beside each reader speak the same
    language, seven of them in turn, and beside no other.
    """
    random = np.random.default_rng(SEED)
    clips = []
    for speaker, (_, package, language) in enumerate(READERS):
        for number in range(21):
            clips.append((trim(read_number(folders, package, number), RATE), 0, speaker))
            voice = f"{language}+{names[7 * speaker + number % 7]}"
            speed, pitch, pitch_range = random.integers((120, 25, 30), (200, 75, 80)).tolist()
            sound = espeak.say(str(number), voice, speed, pitch, pitch_range)
            clips.append((trim(resample(sound, espeak.rate, RATE), RATE), 1, speaker))
    return clips


def tones(folder: Path) -> list[tuple[np.ndarray, int, int]]:
    """Return Mandarin syllables in the tones 1 to 4 (as 0 to 3), each by both speakers."""
    import soundfile

    random = np.random.default_rng(SEED)
    clips = []
    for tone in range(4):
        found = []
        for syllable in sorted(folder.iterdir()):
            last = syllable.name[-1]
            same = not last.isdigit() if tone == 0 else last == str(tone + 1)
            if same and all((syllable / f"{n}.ogg").exists() for n in (3, 5)):
                found.append(syllable)
        chosen = random.permutation(len(found))[:SYLLABLES_PER_TONE]
        for place in sorted(chosen.tolist()):
            for speaker, file in enumerate(("3.ogg", "5.ogg")):
                sound, rate = soundfile.read(found[place] / file)
                sound = sound if sound.ndim == 1 else sound.mean(axis=1)
                clip = trim(resample(sound, rate, TONE_RATE), TONE_RATE)
                clips.append((clip, tone, speaker))
    return clips


def write(file: Path, clips: list[tuple[np.ndarray, int, int]]) -> None:
    """Pack clips into a file: samples of all of them, lengths, labels and speakers."""
    contents = {
        "codes": encode([clip for clip, _, _ in clips]),
        "lengths": np.array([len(clip) for clip, _, _ in clips], np.uint16),
        "labels": np.array([label for _, label, _ in clips], np.uint8),
        "speakers": np.array([speaker for _, _, speaker in clips], np.uint8),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **contents)
    file.write_bytes(buffer.getvalue())
    sum_ = hashlib.sha256(buffer.getvalue()).hexdigest()
    print(f"{file.name}: {len(clips):,} clips, {len(buffer.getvalue()):,} bytes, SHA-256 {sum_}")


def main() -> None:
    """Download everything and write the four files."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        wheels.fetch(ESPEAK, ESPEAK_SHA256).extractall(temporary)
        espeak = Espeak(temporary / "espeakng_loader")
        names = voices(temporary / "espeakng_loader")
        folders = unpack(temporary)
        write(target / "synthetic.npz", synthetic_digits(espeak, names))
        write(target / "human.npz", human_digits(folders))
        write(target / "pairs.npz", pairs(espeak, names, folders))
        write(target / "tones.npz", tones(folders["gcin-voice"]))


if __name__ == "__main__":
    main()
