"""Learn with CTC to read a sequence out of a sound, save the network, load it, let it listen."""

import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)  # faster for networks as small as this
RATE, KEYS = 8000, "123A456B789C*0#D"  # a telephone's keys: each is a low tone and a high one
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)  # hertz


def dial(number):  # replace this by your own recordings: a sound [samples] for each text
    parts = [torch.zeros(torch.randint(400, ()))]
    for key in number:
        angle = 2 * torch.pi * torch.arange(400 + torch.randint(800, ()).item()) / RATE
        low, high = LOW[KEYS.index(key) // 4], HIGH[KEYS.index(key) % 4]
        parts.append(torch.sin(low * angle) + torch.sin(high * angle))  # 50 to 150 ms
        parts.append(torch.zeros(200 + torch.randint(600, ()).item()))
    return torch.cat(parts)


def make_batch(n):
    numbers = []
    for i in range(n):  # 2 to 8 keys each
        numbers.append("".join(KEYS[k] for k in torch.randint(16, (2 + i % 7,)).tolist()))
    sounds = [dial(number) for number in numbers]
    targets = [torch.tensor([KEYS.index(key) + 1 for key in number]) for number in numbers]
    n_frames = torch.tensor([len(sound) // (80 * 2) + 1 for sound in sounds])  # hop * stride
    sounds = nn.utils.rnn.pad_sequence(sounds, batch_first=True)
    return sounds + torch.randn_like(sounds), n_frames, targets, numbers  # a very bad line


class Listener(nn.Module):
    def __init__(self, n_symbols):
        super().__init__()
        self.first = nn.Conv1d(129, 64, 5, stride=2, padding=2)  # an output for 2 * 80 samples
        self.second = nn.Conv1d(64, 64, 5, padding=2)
        self.norm = nn.BatchNorm1d(64)
        self.head = nn.Conv1d(64, n_symbols, 1)

    def forward(self, sounds):  # [B, samples] -> [B, T, symbols]
        x = torch.stft(sounds, 256, 80, window=torch.hann_window(256), return_complex=True).abs()
        x = self.norm(self.first((x + 0.1).log())).relu()
        return self.head(self.second(x).relu()).transpose(1, 2)


model = Listener(1 + len(KEYS))  # 0 is the blank
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
for step in range(1, 201):
    sounds, n_frames, targets, _ = make_batch(32)
    log_shares = model(sounds).log_softmax(dim=2).transpose(0, 1)  # [T, B, symbols]
    lengths = torch.tensor([len(target) for target in targets])  # (padded targets work, too)
    loss = nn.CTCLoss(zero_infinity=True)(log_shares, torch.cat(targets), n_frames, lengths)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # or it says only blanks for long
    optimizer.step()
    if step % 40 == 0:
        print(f"step {step}: loss {loss.item():.3f}")
torch.save(model.state_dict(), "listener.pt")
listener = Listener(1 + len(KEYS)).eval()
listener.load_state_dict(torch.load("listener.pt", weights_only=True))
sounds, n_frames, _, numbers = make_batch(200)  # numbers that it hasn't heard
with torch.no_grad():
    paths = listener(sounds).argmax(dim=2)
right = []
for path, n, number in zip(paths, n_frames, numbers, strict=True):
    symbols = torch.unique_consecutive(path[:n])  # repeats become one, then blanks go
    right.append("".join(KEYS[i - 1] for i in symbols[symbols > 0]) == number)
print(f"{sum(right)} of {len(right)} numbers without a mistake")
