"""Recurrent cells, one step each, and the loop that carries their state through a sequence.

Chapter 15 types these classes on its page. PyTorch's `nn.RNN`, `nn.GRU` and `nn.LSTM` compute the
same, stack layers and are faster.
"""

import torch
from torch import Tensor, nn


class RNNCell(nn.Module):
    """One step of a plain recurrent network (J. L. Elman, Cognitive Science 14, 1990).

    Args:
        n_inputs: numbers that come in at each step.
        n_units: numbers of the state.
    """

    def __init__(self, n_inputs: int, n_units: int) -> None:
        super().__init__()
        self.from_input = nn.Linear(n_inputs, n_units)
        self.from_state = nn.Linear(n_units, n_units)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Map inputs [B, inputs] and a state [B, units] to the next state."""
        return torch.tanh(self.from_input(x) + self.from_state(state))


class GRUCell(nn.Module):
    """One step of a gated recurrent unit (Cho et al. 2014, arXiv:1406.1078).

    As in PyTorch, the reset gate is applied after the multiplication by the weights.

    Args:
        n_inputs: numbers that come in at each step.
        n_units: numbers of the state.
    """

    def __init__(self, n_inputs: int, n_units: int) -> None:
        super().__init__()
        self.from_input = nn.Linear(n_inputs, 3 * n_units)  # for r, z and the candidate
        self.from_state = nn.Linear(n_units, 3 * n_units)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Map inputs [B, inputs] and a state [B, units] to the next state."""
        x_r, x_z, x_new = self.from_input(x).chunk(3, dim=1)  # three parts, [B, units] each
        s_r, s_z, s_new = self.from_state(state).chunk(3, dim=1)
        r = torch.sigmoid(x_r + s_r)  # how much of the state to look at
        z = torch.sigmoid(x_z + s_z)  # how much of it to keep
        candidate = torch.tanh(x_new + r * s_new)
        return z * state + (1 - z) * candidate


class LSTMCell(nn.Module):
    """One step of a long short-term memory (Hochreiter and Schmidhuber 1997).

    With the forget gate of Gers, Schmidhuber and Cummins (2000).

    Args:
        n_inputs: numbers that come in at each step.
        n_units: numbers of each of the two states.
    """

    def __init__(self, n_inputs: int, n_units: int) -> None:
        super().__init__()
        self.from_input = nn.Linear(n_inputs, 4 * n_units)
        self.from_state = nn.Linear(n_units, 4 * n_units)

    def forward(self, x: Tensor, state: Tensor, cell_state: Tensor) -> tuple[Tensor, Tensor]:
        """Map inputs [B, inputs] and two states [B, units] to the next two."""
        gates = self.from_input(x) + self.from_state(state)
        add, keep, candidate, show = gates.chunk(4, dim=1)  # [B, units] each
        kept = torch.sigmoid(keep) * cell_state  # the forget gate
        cell_state = kept + torch.sigmoid(add) * torch.tanh(candidate)  # the input gate
        return torch.sigmoid(show) * torch.tanh(cell_state), cell_state  # the output gate


class Memory(nn.Module):
    """Goes through a sequence with a cell, from a state of zeros.

    Args:
        cell: maps inputs [B, inputs] and a state [B, units] to the next state.
        n_units: numbers of its state.
    """

    def __init__(self, cell: nn.Module, n_units: int) -> None:
        super().__init__()
        self.cell = cell
        self.n_units = n_units

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map a sequence [B, T, inputs] to all states [B, T, units] and the last, [B, units]."""
        state = x.new_zeros(len(x), self.n_units)  # zeros, with the dtype and device of x
        states = []
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
            states.append(state)
        return torch.stack(states, dim=1), state  # [B, T, units] and [B, units]
