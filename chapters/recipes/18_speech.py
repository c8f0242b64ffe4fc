"""Learn with CTC to write down recordings, and test on speakers who weren't heard in training."""

import wave
from pathlib import Path

import torch
from torch import nn

FOLDER, RATE = Path("recordings"), 8000  # in it, a folder for each speaker, with 1.wav, 1.txt, ...
torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
if not FOLDER.exists():  # then ten telephones dial numbers: each key is a low tone and a high one
    low, high, keys = (697, 770, 852, 941), (1209, 1336, 1477, 1633), "123A456B789C*0#D"
    for i in range(600):
        number = torch.randint(16, (2 + i % 7,)).tolist()
        parts = [torch.zeros(200)]
        for key in number:
            angle = 2 * torch.pi * torch.arange(400 + torch.randint(800, ()).item()) / RATE
            parts.append(torch.sin(low[key // 4] * angle) + torch.sin(high[key % 4] * angle))
            parts.append(torch.zeros(200 + torch.randint(600, ()).item()))
        path = FOLDER / f"telephone {i % 10}" / f"{i}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".txt").write_text("".join(keys[key] for key in number))
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            sound = torch.cat([part + torch.randn(len(part)) for part in parts])  # a bad line
            file.writeframes((3000 * sound).short().numpy().tobytes())


def picture_of(path):  # a 16-bit WAV file, whose rate becomes RATE -> [T, 129]
    with wave.open(str(path), "rb") as file:
        data = torch.frombuffer(bytearray(file.readframes(file.getnframes())), dtype=torch.int16)
        sound = data.float().view(-1, file.getnchannels()).mean(dim=1)  # stereo becomes mono
        sound = torch.fft.irfft(torch.fft.rfft(sound), len(sound) * RATE // file.getframerate())
    x = torch.stft(sound / sound.std(), 256, 80, window=torch.hann_window(256), return_complex=True)
    return nn.functional.layer_norm((x.abs() + 0.1).log().T, x.T.shape)  # mean 0, deviation 1


texts = {path: path.with_suffix(".txt").read_text().strip() for path in FOLDER.glob("*/*.wav")}
pictures = {path: picture_of(path) for path in texts}  # an hour of sound takes 186 MB
letters = sorted(set("".join(texts.values())))  # they're symbols 1, 2, ...; 0 is the blank
strangers = sorted({path.parent for path in texts})[::5]  # every fifth speaker: only to test on
known = sorted(path for path in texts if path.parent not in strangers)
first, second = nn.Conv1d(129, 64, 5, stride=2, padding=2), nn.Conv1d(64, 64, 5, padding=2)
last = nn.Conv1d(64, 1 + len(letters), 1)  # a frame for every two columns
model = nn.Sequential(first, nn.BatchNorm1d(64), nn.ReLU(), second, nn.ReLU(), last)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
for epoch in range(1, 9):
    for chosen in torch.randperm(len(known)).split(8):
        batch = [pictures[known[i]] for i in chosen]
        n_frames = torch.tensor([(len(picture) + 1) // 2 for picture in batch])
        targets = [torch.tensor([letters.index(x) + 1 for x in texts[known[i]]]) for i in chosen]
        n_symbols = torch.tensor([len(target) for target in targets])
        padded = nn.utils.rnn.pad_sequence(batch, batch_first=True).mT  # [B, 129, T]
        log_shares = model(padded).log_softmax(dim=1).permute(2, 0, 1)  # [T / 2, B, symbols]
        loss = nn.CTCLoss(zero_infinity=True)(log_shares, torch.cat(targets), n_frames, n_symbols)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # or it says nothing for long
        optimizer.step()
    print(f"epoch {epoch}: loss {loss.item():.3f}")
torch.save(model.state_dict(), "listener.pt")
model.eval().load_state_dict(torch.load("listener.pt", weights_only=True))
right = []
for path in sorted(set(texts) - set(known)):
    symbols = torch.unique_consecutive(model(pictures[path][None].mT)[0].argmax(dim=0))
    said = "".join(letters[symbol - 1] for symbol in symbols[symbols > 0])  # without blanks
    right.append(said == texts[path])
print(f"{path}: {texts[path]}, heard {said}")
print(f"{sum(right)} of {len(right)} recordings by strangers without a mistake")
