"""Answers to the exercises of chapter 13: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import random

import numpy as np
import torch

SIZE = 4 * 124_439_808


def clock(n_ranks, n_bytes, latency, bandwidth):
    return 2 * (n_ranks - 1) * (latency + n_bytes / n_ranks / bandwidth)


def clock_by_rounds(n_ranks, n_bytes, latency, bandwidth):
    seconds = 0
    for _ in range(2):
        for _ in range(n_ranks - 1):
            seconds += latency
            seconds += n_bytes / n_ranks / bandwidth
    return np.float64(seconds)


def clock_as_tensor(n_ranks, n_bytes, latency, bandwidth):
    rounds = torch.tensor(2 * n_ranks - 2, dtype=torch.float64)
    return rounds * latency + rounds * n_bytes / (n_ranks * bandwidth)


def clock_one_latency(n_ranks, n_bytes, latency, bandwidth):
    return latency + 2 * (n_ranks - 1) * n_bytes / n_ranks / bandwidth


def clock_whole_tensor(n_ranks, n_bytes, latency, bandwidth):
    return 2 * (n_ranks - 1) * (latency + n_bytes / bandwidth)


def clock_n_rounds(n_ranks, n_bytes, latency, bandwidth):
    return 2 * n_ranks * (latency + n_bytes / n_ranks / bandwidth)


def clock_no_latency(n_ranks, n_bytes, latency, bandwidth):
    return 2 * (n_ranks - 1) * n_bytes / n_ranks / bandwidth


def clock_never_alone(n_ranks, n_bytes, latency, bandwidth):
    return max(1, 2 * (n_ranks - 1)) * (latency + n_bytes / n_ranks / bandwidth)


def weighted(gradients, counts):
    return sum(c * g for c, g in zip(counts, gradients, strict=True)) / sum(counts)


def weighted_by_matmul(gradients, counts):
    shares = torch.tensor(counts, dtype=torch.float64) / sum(counts)
    return shares @ torch.stack(gradients)


def weighted_by_numpy(gradients, counts):
    return np.average(np.stack([g.numpy() for g in gradients]), axis=0, weights=counts).tolist()


def weighted_in_place(gradients, counts):
    for gradient, count in zip(gradients, counts, strict=True):
        gradient *= count
    return sum(gradients) / sum(counts)


def plain_mean(gradients, counts):
    return sum(gradients) / len(gradients)


def weighted_by_ranks(gradients, counts):
    return sum(c * g for c, g in zip(counts, gradients, strict=True)) / len(counts)


def weighted_sum(gradients, counts):
    return sum(c * g for c, g in zip(counts, gradients, strict=True))


def the_largest(gradients, counts):
    return gradients[counts.index(max(counts))]


def zero(n_weights, n_ranks, stage):
    parts = [12, 2, 2]
    return n_weights * sum(p / n_ranks if i < stage else p for i, p in enumerate(parts))


def zero_by_table(n_weights, n_ranks, stage):
    table = {0: 16, 1: 4 + 12 / n_ranks, 2: 2 + 14 / n_ranks, 3: 16 / n_ranks}
    return np.float64(table[stage] * n_weights)


def zero_by_if(n_weights, n_ranks, stage):
    total = 16 * n_weights / n_ranks
    whole = 1 - 1 / n_ranks
    if stage < 3:
        total += 2 * n_weights * whole
    if stage < 2:
        total += 2 * n_weights * whole
    if stage < 1:
        total += 12 * n_weights * whole
    return torch.tensor(total, dtype=torch.float64)


def zero_weights_first(n_weights, n_ranks, stage):
    parts = [2, 2, 12]
    return n_weights * sum(p / n_ranks if i < stage else p for i, p in enumerate(parts))


def zero_gradients_first(n_weights, n_ranks, stage):
    parts = [2, 12, 2]
    return n_weights * sum(p / n_ranks if i < stage else p for i, p in enumerate(parts))


def zero_in_32_bits(n_weights, n_ranks, stage):
    return n_weights * [16, 8 + 8 / n_ranks, 4 + 12 / n_ranks, 16 / n_ranks][stage]


def zero_in_gb(n_weights, n_ranks, stage):
    return zero(n_weights, n_ranks, stage) / 1e9


def zero_never(n_weights, n_ranks, stage):
    return 16 * n_weights


def zero_always(n_weights, n_ranks, stage):
    return 16 * n_weights / n_ranks


def places(n_examples, n_ranks, rank, epoch):
    generator = torch.Generator().manual_seed(epoch)
    return torch.randperm(n_examples, generator=generator)[rank::n_ranks]


def places_by_numpy(n_examples, n_ranks, rank, epoch):
    order = np.random.default_rng(epoch).permutation(n_examples)
    return np.array_split(order, n_ranks)[rank]


def places_by_python(n_examples, n_ranks, rank, epoch):
    order = list(range(n_examples))
    random.Random(1000 + epoch).shuffle(order)
    return [place for i, place in enumerate(order) if i % n_ranks == rank]


def places_never_shuffled(n_examples, n_ranks, rank, epoch):
    return list(range(n_examples))[rank::n_ranks]


def places_shared_first(n_examples, n_ranks, rank, epoch):
    mine = list(range(rank, n_examples, n_ranks))
    random.Random(epoch).shuffle(mine)
    return mine


def places_of_each_rank(n_examples, n_ranks, rank, epoch):
    generator = torch.Generator().manual_seed(100 * epoch + rank)
    return torch.randperm(n_examples, generator=generator)[rank::n_ranks]


def places_padded(n_examples, n_ranks, rank, epoch):
    generator = torch.Generator().manual_seed(epoch)
    order = torch.randperm(n_examples, generator=generator).tolist()
    order += order[: -n_examples % n_ranks]
    return order[rank::n_ranks]


def places_dropped(n_examples, n_ranks, rank, epoch):
    generator = torch.Generator().manual_seed(epoch)
    order = torch.randperm(n_examples, generator=generator).tolist()
    return order[: n_examples // n_ranks * n_ranks][rank::n_ranks]


def places_global_seed(n_examples, n_ranks, rank, epoch):
    torch.manual_seed(epoch)
    return torch.randperm(n_examples)[rank::n_ranks]


def places_unseeded(n_examples, n_ranks, rank, epoch):
    order = np.random.default_rng().permutation(n_examples)
    return order[rank::n_ranks]


def places_rest_to_last(n_examples, n_ranks, rank, epoch):
    generator = torch.Generator().manual_seed(epoch)
    order = torch.randperm(n_examples, generator=generator).tolist()
    size = n_examples // n_ranks
    return order[rank * size :] if rank == n_ranks - 1 else order[rank * size : (rank + 1) * size]


def tell(cluster, tensor):
    copies = {0: tensor}
    while len(copies) < cluster.n_ranks:
        known = len(copies)
        pairs = [(r, r + known) for r in range(known) if r + known < cluster.n_ranks]
        inbox = cluster.exchange([(a, b, copies[a]) for a, b in pairs])
        copies |= {b: inbox[b][0] for _, b in pairs}
    return [copies[r] for r in range(cluster.n_ranks)]


def tell_by_halves(cluster, tensor):
    copies = [None] * cluster.n_ranks
    copies[0] = tensor
    distance = 1
    while 2 * distance < cluster.n_ranks:
        distance *= 2
    while distance >= 1:
        messages = []
        for rank in range(cluster.n_ranks - distance):
            if rank % (2 * distance) == 0 and copies[rank] is not None:
                messages.append((rank, rank + distance, copies[rank]))
        inbox = cluster.exchange(messages)
        for _, receiver, _ in messages:
            copies[receiver] = inbox[receiver][0]
        distance //= 2
    return tuple(copies)


def tell_with_waiting(cluster, tensor):
    copies, waiting = [tensor], list(range(1, cluster.n_ranks))
    known, everyone = [0], {0: tensor}
    while waiting:
        new = []
        for rank in known:
            if waiting:
                new.append((rank, waiting.pop(0), everyone[rank]))
        inbox = cluster.exchange(new)
        for _, receiver, _ in new:
            everyone[receiver] = inbox[receiver][0]
            known.append(receiver)
    copies = [everyone[rank].clone() for rank in range(cluster.n_ranks)]
    return copies


def tell_as_a_star(cluster, tensor):
    messages = [(0, rank, tensor) for rank in range(1, cluster.n_ranks)]
    inbox = cluster.exchange(messages)
    return [tensor] + [box[0] for box in inbox[1:]]


def tell_as_a_chain(cluster, tensor):
    copies = [tensor]
    for rank in range(1, cluster.n_ranks):
        copies.append(cluster.exchange([(rank - 1, rank, copies[-1])])[rank][0])
    return copies


def tell_nobody(cluster, tensor):
    return [tensor] * cluster.n_ranks


def tell_the_first(cluster, tensor):
    if cluster.n_ranks == 1:
        return [tensor]
    inbox = cluster.exchange([(0, 1, tensor)])
    return [tensor, inbox[1][0]] * (cluster.n_ranks // 2) + [tensor] * (cluster.n_ranks % 2)


def tell_flat(cluster, tensor):
    return tell(cluster, tensor.flatten())


def tell_rank_0_alone(cluster, tensor):
    return tensor


def pairs(cluster, tensors):
    sums, distance = list(tensors), 1
    while distance < cluster.n_ranks:
        messages = [(r, r ^ distance, sums[r]) for r in range(cluster.n_ranks)]
        inbox = cluster.exchange(messages)
        sums = [mine + box[0] for mine, box in zip(sums, inbox, strict=True)]
        distance *= 2
    return sums


def pairs_by_shift(cluster, tensors):
    n, sums, distance = cluster.n_ranks, [t.clone() for t in tensors], 1
    while distance < n:
        inbox = cluster.exchange([(r, (r + distance) % n, sums[r]) for r in range(n)])
        sums = [sums[r] + inbox[r][0] for r in range(n)]
        distance *= 2
    return tuple(sums)


def everyone_to_everyone(cluster, tensors):
    n = cluster.n_ranks
    inbox = cluster.exchange([(a, b, tensors[a]) for a in range(n) for b in range(n) if a != b])
    return [torch.stack([tensors[r], *inbox[r]]).sum(dim=0) for r in range(n)]


def sum_by_boss(cluster, tensors):
    n = cluster.n_ranks
    inbox = cluster.exchange([(r, 0, tensors[r]) for r in range(1, n)])
    total = torch.stack([tensors[0], *inbox[0]]).sum(dim=0)
    cluster.exchange([(0, r, total) for r in range(1, n)])
    return [total] * n


def sum_by_ring(cluster, tensors):
    from torchbook.training.simulated import all_reduce

    return all_reduce(cluster, tensors)


def sum_without_talk(cluster, tensors):
    return [torch.stack(tensors).sum(dim=0)] * cluster.n_ranks


def sum_with_little_talk(cluster, tensors):
    cluster.exchange([(0, 1, tensors[0])])
    return sum_without_talk(cluster, tensors)


def sum_of_neighbours(cluster, tensors):
    n = cluster.n_ranks
    inbox = cluster.exchange([(r, (r + 1) % n, tensors[r]) for r in range(n)])
    return [tensors[r] + inbox[r][0] for r in range(n)]


def mean_of_all(cluster, tensors):
    return [total / cluster.n_ranks for total in pairs(cluster, tensors)]


def sum_in_place(cluster, tensors):
    for total, tensor in zip(pairs(cluster, tensors), tensors, strict=True):
        tensor.copy_(total)
    return tensors


RIGHT = {
    "13-1": [871_078_656, 871_078_656.0, torch.tensor(871_078_656)],
    "13-2": [clock, clock_by_rounds, clock_as_tensor],
    "13-3": [weighted, weighted_by_matmul, weighted_by_numpy],
    "13-4": [zero, zero_by_table, zero_by_if],
    "13-5": [places, places_by_numpy, places_by_python],
    "13-6": [tell, tell_by_halves, tell_with_waiting],
    "13-7": [pairs, pairs_by_shift, everyone_to_everyone],
}

WRONG = {
    "13-1": [
        (2 * SIZE, "ever so many"),
        (7 * SIZE // 8, "one of the two laps"),
        (14 * SIZE, "In each round goes a piece"),
        (2 * 7 * 124_439_808 // 8, "How many bytes has each"),
        (7 * SIZE, "what a boss would send"),
        (SIZE, "how large the gradient is"),
        (2 * 2 * 7 * SIZE // 8, "4 bytes"),
        (871_078_656 / 1e6, "Not yet"),
        ("871 MB", "one number"),
    ],
    "13-2": [
        (lambda *a: clock(*a) / 2, "That's one lap"),
        (clock_one_latency, "a latency of its own"),
        (clock_whole_tensor, "not the whole tensor"),
        (clock_n_rounds, "one round less"),
        (clock_no_latency, "Where is the latency"),
        (clock_never_alone, "nobody to talk to"),
        (lambda *a: 1000 * clock(*a), "says otherwise"),
    ],
    "13-3": [
        (plain_mean, "plain average"),
        (weighted_by_ranks, "not by ranks"),
        (weighted_sum, "Those are sums"),
        (weighted_in_place, "You changed"),
        (the_largest, "isn't the batch's gradient"),
        (lambda g, c: weighted(g, c)[:3], "shape"),
    ],
    "13-4": [
        (zero_weights_first, "shared out first"),
        (zero_gradients_first, "Each stage shares out one thing more"),
        (zero_in_32_bits, "table for 32 bits"),
        (zero_in_gb, "In bytes"),
        (zero_never, "something is shared out"),
        (zero_always, "isn't right yet"),
    ],
    "13-5": [
        (places_never_shuffled, "same order"),
        (places_shared_first, "Shuffle first"),
        (places_of_each_rank, "comes twice"),
        (places_padded, "comes twice"),
        (places_dropped, "nobody's"),
        (places_global_seed, "random state"),
        (places_unseeded, "different answers"),
        (places_rest_to_last, "too uneven"),
        (lambda n, k, r, e: [1 + p for p in places_by_python(n, k, r, e)], "go from 0"),
    ],
    "13-6": [
        (tell_as_a_star, "sends all copies itself"),
        (tell_as_a_chain, "can double in each round"),
        (tell_nobody, "Not a byte"),
        (tell_the_first, "Fewer bytes"),
        (tell_flat, "shape"),
        (tell_rank_0_alone, "Return a list"),
    ],
    "13-7": [
        (sum_by_boss, "not faster"),
        (sum_by_ring, "not faster"),
        (sum_without_talk, "Not a byte"),
        (sum_with_little_talk, "has sent nothing"),
        (sum_of_neighbours, "doesn't have the sum"),
        (mean_of_all, "doesn't have the sum"),
        (sum_in_place, "You changed the tensors"),
    ],
}
