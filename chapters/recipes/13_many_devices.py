"""Train on one process or many, save, load, and name a picture.

python many.py  or  torchrun --standalone --nproc-per-node 2 many.py
"""

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


def join():  # meet the others, if torchrun has started any
    if "RANK" not in os.environ:
        return 0, 1, "cuda" if torch.cuda.is_available() else "cpu"
    device = "cpu"
    if torch.cuda.is_available():
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    store, rank, size = next(dist.rendezvous("env://"))
    store = dist.PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
    dist.init_process_group(
        "gloo" if device == "cpu" else "nccl", store=store, rank=rank, world_size=size
    )
    return rank, size, device


def read(start, stop):  # pictures [N, 784] from 0 to 1, with labels
    published = FashionMNIST("data", train=True, download=True)
    pictures = published.data[start:stop].flatten(1) / 255
    return TensorDataset(pictures, published.targets[start:stop]), published.classes


def add_up(tensor):  # over all processes
    if dist.is_initialized():
        dist.all_reduce(tensor)
    return tensor


def main():
    rank, size, device = join()
    train_set, classes = read(0, 20_000)
    valid_set, _ = read(55_000, 60_000)
    torch.manual_seed(0)  # the same weights everywhere
    model = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    n_done = 0
    if Path("many.pt").exists():  # after a restart
        saved = torch.load("many.pt", map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        n_done = saved["epochs"]
    wrapped = DistributedDataParallel(model) if size > 1 else model
    torch.manual_seed(rank)  # but noise of its own for each
    sampler = DistributedSampler(train_set, size, rank)
    loader = DataLoader(train_set, BATCH // size, sampler=sampler, drop_last=True)
    mine = range(rank, len(valid_set), size)  # no picture twice
    for epoch in range(n_done + 1, N_EPOCHS + 1):
        sampler.set_epoch(epoch)  # another order
        for images, labels in loader:  # [B, 784] and [B]
            loss = F.cross_entropy(wrapped(images.to(device)), labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.inference_mode():
            images, labels = valid_set[mine]
            n_right = (model(images.to(device)).argmax(dim=1) == labels.to(device)).sum()
        n_right = add_up(n_right)  # all must take part, so not only rank 0
        if rank == 0:
            print(f"epoch {epoch}: {n_right / len(valid_set):.1%} of {len(valid_set)} right")
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "epochs": epoch}, "unfinished.pt")
            Path("unfinished.pt").replace("many.pt")
    if rank == 0:
        saved = torch.load("many.pt", map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        answer = model(valid_set[0][0].to(device)).argmax()
        print(f"says {classes[answer]}; truth: {classes[valid_set[0][1]]}")
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
