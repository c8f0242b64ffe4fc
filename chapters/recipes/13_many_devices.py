"""Train: python many.py, or torchrun --standalone --nproc-per-node 2 many.py."""

import os
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset
from torchvision.datasets import FashionMNIST

N_EPOCHS, BATCH = 3, 64  # the batch of all processes together
rank = int(os.environ.get("RANK", 0))  # torchrun sets these
size = int(os.environ.get("WORLD_SIZE", 1))  # how many processes there are
place = int(os.environ.get("LOCAL_RANK", 0))  # the rank within this machine
on_gpus = torch.cuda.device_count() >= int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # one for each
device = torch.device("cuda", place) if on_gpus else torch.device("cpu")
if size > 1 and on_gpus:
    torch.cuda.set_device(device)  # this process's own
    dist.init_process_group("nccl", device_id=device)
elif size > 1:
    dist.init_process_group("gloo")

if place == 0:  # one downloads, the others wait
    FashionMNIST("data", train=True, download=True)
if size > 1:
    dist.barrier()
published = FashionMNIST("data", train=True)
images, labels = published.data.flatten(1) / 255, published.targets  # [60000, 784] and [60000]
train_set = TensorDataset(images[:20_000], labels[:20_000])
sampler = DistributedSampler(train_set, num_replicas=size, rank=rank)
loader = DataLoader(train_set, batch_size=BATCH // size, sampler=sampler)
mine = slice(55_000 + rank, 60_000, size)  # [55_000 + rank : 60_000 : size], to validate on

torch.manual_seed(0)  # the same weights everywhere
model = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10)).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
n_done = 0
if Path("many.pt").exists():  # a second start goes on from here
    saved = torch.load("many.pt", map_location=device, weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    n_done = saved["n_done"]

wrapped = DistributedDataParallel(model) if size > 1 else model
for epoch in range(n_done + 1, N_EPOCHS + 1):
    sampler.set_epoch(epoch)  # another order
    for x, y in loader:  # [B, 784] and [B]
        loss = F.cross_entropy(wrapped(x.to(device)), y.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        answers = model(images[mine].to(device)).argmax(dim=1)
        n_right = (answers == labels[mine].to(device)).sum()
        if size > 1:
            dist.all_reduce(n_right)  # all must take part, so not only rank 0
    if rank == 0:
        print(f"epoch {epoch}: {n_right.item() / 5000:.1%} of 5000 new pictures right")
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save({**state, "n_done": epoch}, "unfinished.pt")
        Path("unfinished.pt").replace("many.pt")  # the whole file, or the old one
if rank == 0:
    answer = model(images[59_999].to(device)).argmax()
    print(f"says {published.classes[answer]}; truth: {published.classes[labels[59_999]]}")
if size > 1:
    dist.destroy_process_group()  # goodbye
