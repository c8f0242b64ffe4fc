"""The simulated cluster adds up as real ones do, and its counts are those of the formulas."""

import pytest
import torch

from torchbook.training.simulated import Cluster, all_gather, all_reduce, reduce_scatter


def draw(n, shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(n)]


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("shape", [(1,), (5,), (8, 3), (2, 3, 4), (1001,)], ids=str)
def test_an_all_reduce_gives_every_rank_the_sum(n, shape):
    tensors = draw(n, shape)
    kept = [tensor.clone() for tensor in tensors]
    cluster = Cluster(n)
    for result in all_reduce(cluster, tensors):
        torch.testing.assert_close(result, torch.stack(kept).sum(dim=0), rtol=1e-12, atol=1e-12)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip(tensors, kept, strict=True))
    # Each piece goes n - 1 times in each lap, however uneven the pieces are.
    assert sum(cluster.sent) == 2 * (n - 1) * tensors[0].nbytes


@pytest.mark.parametrize("n", [2, 4, 8])
def test_bytes_and_seconds_are_those_of_the_formulas(n):
    tensors = draw(n, (64, 10))
    size = tensors[0].nbytes
    cluster = Cluster(n, latency=0.5, bandwidth=1000.0)
    all_reduce(cluster, tensors)
    assert cluster.sent == [2 * (n - 1) * size // n] * n
    assert cluster.seconds == pytest.approx(2 * (n - 1) * (0.5 + size / n / 1000))


@pytest.mark.parametrize("n", [1, 3, 4])
def test_the_halves_of_an_all_reduce(n):
    tensors = draw(n, (10,))
    pieces = reduce_scatter(Cluster(n), tensors)
    total = torch.stack(tensors).sum(dim=0)
    for piece, expected in zip(pieces, total.tensor_split(n), strict=True):
        torch.testing.assert_close(piece, expected)
    for whole in all_gather(Cluster(n), pieces):
        torch.testing.assert_close(whole, total)


def test_the_busiest_line_decides_how_long_a_round_takes():
    cluster = Cluster(4, latency=1.0, bandwidth=8.0)
    one = torch.ones(1, dtype=torch.float64)  # 8 bytes
    inbox = cluster.exchange([(1, 0, one), (2, 0, 2 * one), (3, 0, 3 * one)])
    assert [tensor.item() for tensor in inbox[0]] == [1, 2, 3]
    assert inbox[1:] == [[], [], []]
    assert cluster.sent == [0, 8, 8, 8]
    assert cluster.seconds == 1 + 3  # all three come in by the line of rank 0
    cluster.exchange([(0, 1, one), (1, 0, one)])
    assert cluster.seconds == 4 + 1 + 1  # both ways at once


def test_what_is_received_is_a_copy():
    sent = torch.zeros(3)
    received = Cluster(2).exchange([(0, 1, sent)])[1][0]
    received += 1
    assert sent.sum() == 0
