"""A cluster simulated in one process: ranks send each other tensors, and every byte is counted.

Chapter 13 types these lines on its page. They are for learning and for arithmetic on paper; what
trains on several devices is in `torchbook.training.distributed`.
"""

from typing import Any

import torch
from torch import Tensor


def most_bytes(n_ranks: int, messages: list[tuple[int, int, Tensor]]) -> int:
    """Return how many bytes the busiest rank sends, or receives, in one round of messages."""
    going_out = [0] * n_ranks
    coming_in = [0] * n_ranks
    for sender, receiver, tensor in messages:
        going_out[sender] += tensor.nbytes
        coming_in[receiver] += tensor.nbytes
    return max(going_out + coming_in)


class Cluster:
    """Ranks that send each other tensors: it counts the bytes and adds up the time.

    Args:
        n_ranks: how many there are.
        latency: seconds until the first byte of a message arrives.
        bandwidth: bytes that a rank can send in a second, and as many that it can receive.
    """

    def __init__(self, n_ranks: int, latency: float = 20e-6, bandwidth: float = 1.25e9) -> None:
        self.n_ranks = n_ranks
        self.latency = latency
        self.bandwidth = bandwidth
        self.sent = [0] * n_ranks  # bytes, by rank
        self.seconds = 0.0

    def exchange(self, messages: list[tuple[int, int, Tensor]]) -> list[list[Tensor]]:
        """Deliver messages (sender, receiver, tensor), all at the same time.

        Returns:
            For each rank, what it has received.
        """
        inbox: list[list[Tensor]] = [[] for _ in range(self.n_ranks)]
        for sender, receiver, tensor in messages:
            self.sent[sender] += tensor.nbytes
            inbox[receiver].append(tensor.clone())
        self.seconds += self.latency + most_bytes(self.n_ranks, messages) / self.bandwidth
        return inbox


def reduce_scatter(cluster: Cluster, tensors: list[Tensor]) -> list[Tensor]:
    """Add up one tensor of each rank; rank r ends with piece r of the sum, flat."""
    n = cluster.n_ranks
    pieces = [list(tensor.flatten().tensor_split(n)) for tensor in tensors]
    for step in range(1, n):
        messages = []
        for rank in range(n):
            right = (rank + 1) % n
            messages.append((rank, right, pieces[rank][(rank - step) % n]))
        inbox = cluster.exchange(messages)
        for rank in range(n):
            place = (rank - step - 1) % n
            pieces[rank][place] = pieces[rank][place] + inbox[rank][0]
    return [pieces[rank][rank] for rank in range(n)]


def all_gather(cluster: Cluster, pieces: list[Tensor]) -> list[Tensor]:
    """Give all ranks all pieces, of which rank r has piece r; each ends with the whole."""
    n = cluster.n_ranks
    known: list[list[Any]] = [[None] * n for _ in range(n)]
    for rank in range(n):
        known[rank][rank] = pieces[rank]
    for step in range(n - 1):
        messages = []
        for rank in range(n):
            right = (rank + 1) % n
            messages.append((rank, right, known[rank][(rank - step) % n]))
        inbox = cluster.exchange(messages)
        for rank in range(n):
            known[rank][(rank - step - 1) % n] = inbox[rank][0]
    return [torch.cat(row) for row in known]


def all_reduce(cluster: Cluster, tensors: list[Tensor]) -> list[Tensor]:
    """Give all ranks the sum of one tensor of each, round a ring."""
    pieces = reduce_scatter(cluster, tensors)
    wholes = all_gather(cluster, pieces)
    return [whole.reshape(tensors[0].shape) for whole in wholes]
