"""Train a small CNN on Fashion-MNIST fast: one tensor, few calls, one question at the end."""

import time

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.datasets import FashionMNIST

BATCH_SIZE, N_STEPS, MAX_LR = 64, 1200, 0.01  # on a GPU, try 512, 300 and 0.03
torch.manual_seed(0)
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
if device is None:
    device = torch.device("cpu")
    torch.set_num_threads(1)  # small operations: more threads may be slower; try it
is_mixed = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def conv_block(n_in, n_out, pool):
    conv = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1, bias=False)
    halve = nn.MaxPool2d(2) if pool else nn.Identity()
    return nn.Sequential(conv, halve, nn.BatchNorm2d(n_out), nn.ReLU())


def make_model():  # [B, 1, 28, 28] -> logits [B, 10]
    large, smaller = conv_block(1, 8, pool=True), conv_block(8, 16, pool=True)
    wide, deep = conv_block(16, 32, pool=False), conv_block(32, 32, pool=False)
    model = nn.Sequential(large, smaller, wide, deep, nn.Flatten(), nn.Linear(32 * 7 * 7, 10))
    return model.to(device, memory_format=torch.channels_last)


def logits_for(model, pictures):  # bytes in, so that nobody can forget the 255
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=is_mixed):
        return model(pictures.float() / 255).float()


published = FashionMNIST("data", train=True, download=True)
pictures = published.data.unsqueeze(1).to(device)  # uint8, moved once: 47 MB
labels = published.targets.to(device)
train, valid = torch.randperm(60_000, device=device).split([55_000, 5_000])
model = make_model()
optimizer = torch.optim.Adam(model.parameters(), fused=True)  # the cycle sets its rate
cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, MAX_LR, N_STEPS, pct_start=0.25)
step, loss_sum, start = 0, torch.zeros((), device=device), time.perf_counter()
while step < N_STEPS:
    shuffled = train[torch.randperm(55_000, device=device)]
    for places in shuffled.split(BATCH_SIZE)[: N_STEPS - step]:
        loss = F.cross_entropy(logits_for(model, pictures[places]), labels[places])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
        loss_sum += loss.detach()  # no .item(): nobody has to wait
        step += 1
mean_loss = loss_sum.item() / N_STEPS  # the only question, and it waits for everything
seconds = time.perf_counter() - start
print(f"mean loss {mean_loss:.3f}; {N_STEPS * BATCH_SIZE / seconds:,.0f} pictures per second")
model.eval()
with torch.inference_mode():
    parts = [logits_for(model, pictures[places]).argmax(dim=1) for places in valid.split(500)]
right = (torch.cat(parts) == labels[valid]).float().mean().item()
print(f"validation {right:.1%}; always the commonest class: about 10%")
torch.save({"weights": model.state_dict(), "classes": published.classes}, "fast.pt")
saved = torch.load("fast.pt", map_location=device, weights_only=True)
loaded = make_model().eval()
loaded.load_state_dict(saved["weights"])
with torch.inference_mode():
    answer = logits_for(loaded, pictures[valid[:1]]).argmax(dim=1)
answer, truth = answer.item(), labels[valid[0]].item()
print(f"says {saved['classes'][answer]}; truth: {saved['classes'][truth]}")
