"""Sound in 4 bits for each sample, by differences (ADPCM), as in old telephones and games.

Each code says by how much the next sample differs from the last one, in steps whose size grows
while the sound is loud and shrinks while it is quiet. The idea and the table of changes are those
of IMA ADPCM; the steps differ from its table by rounding, so other programs can't read the codes.
"""

import numpy as np

STEPS = np.round(7 * 1.1 ** np.arange(89)).astype(np.int64)
CHANGES = np.array([-1, -1, -1, -1, 2, 4, 6, 8])  # of the step, by the size of the code


def encode(sounds: list[np.ndarray]) -> np.ndarray:
    """Pack sounds, from -1 to 1, into bytes.

    Returns:
        The codes of all sounds one after another, two in a byte; a sound of odd length is followed
        by half a byte of nothing.
    """
    lengths = np.array([len(sound) for sound in sounds])
    samples = np.zeros((len(sounds), lengths.max() + 1), np.int64)
    for row, sound in zip(samples, sounds, strict=True):
        row[: len(sound)] = np.clip(np.round(sound * 32767), -32768, 32767)
    codes = np.zeros(samples.shape, np.uint8)
    state = _State(len(sounds))
    for t in range(samples.shape[1]):
        difference = samples[:, t] - state.value
        size = np.minimum(4 * np.abs(difference) // state.step(), 7)
        codes[:, t] = size + 8 * (difference < 0)
        state.advance(codes[:, t])
    parts = [row[: n + n % 2] for row, n in zip(codes, lengths, strict=True)]
    flat = np.concatenate(parts)
    return (flat[::2] << 4 | flat[1::2]).astype(np.uint8)


def decode(packed: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Unpack bytes that `encode` returned.

    Args:
        packed: the codes.
        lengths: how many samples each sound has.

    Returns:
        Sounds from -1 to 1, shape [sounds, longest], with zeros after the shorter ones.
    """
    flat = np.stack([packed >> 4, packed & 15], axis=1).ravel()
    lengths = np.asarray(lengths, np.int64)
    ends = np.cumsum(lengths + lengths % 2)
    codes = np.zeros((len(lengths), lengths.max()), np.uint8)
    for row, n, end in zip(codes, lengths, ends, strict=True):
        start = end - n - n % 2
        row[:n] = flat[start : start + n]
    sounds = np.zeros(codes.shape, np.float32)
    state = _State(len(lengths))
    for t, column in enumerate(codes.T):
        sounds[:, t] = state.advance(column)
    sounds[np.arange(codes.shape[1]) >= lengths[:, None]] = 0
    return sounds / 32768


class _State:
    """The last value and the place in the table of steps, of many sounds at once."""

    def __init__(self, n: int) -> None:
        self.value = np.zeros(n, np.int64)
        self.place = np.zeros(n, np.int64)

    def step(self) -> np.ndarray:
        return STEPS[self.place]

    def advance(self, codes: np.ndarray) -> np.ndarray:
        size = (codes & 7).astype(np.int64)
        change = (2 * size + 1) * self.step() // 8
        self.value = np.clip(self.value + np.where(codes & 8, -change, change), -32768, 32767)
        self.place = np.clip(self.place + CHANGES[size], 0, len(STEPS) - 1)
        return self.value
