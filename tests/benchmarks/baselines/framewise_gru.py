"""The sequence encoder as the released code runs it: frame by frame, carrying the state."""

from __future__ import annotations

import torch
from torch import nn


class FramewiseGRU(nn.Module):
    """A bidirectional GRU that never sees more than one frame."""

    def __init__(self, in_features=150, hidden=1024, layers=3):
        super().__init__()
        self.feature_dim = 2 * hidden
        self.gru = nn.GRU(in_features, hidden, layers, batch_first=True, bidirectional=True)

    def forward(self, x):
        state = torch.zeros(2 * self.gru.num_layers, x.size(0), self.gru.hidden_size).to(x)
        for t in range(x.size(1)):
            output, state = self.gru(x[:, t : t + 1], state)
        return output[:, -1]


def framewise(encoder):
    """Return the same encoder as a `skelter.encoders.BiGRU`, run frame by frame."""
    gru = encoder.gru
    plain = FramewiseGRU(gru.input_size, gru.hidden_size, gru.num_layers)
    plain.gru.load_state_dict(gru.state_dict())
    return plain
