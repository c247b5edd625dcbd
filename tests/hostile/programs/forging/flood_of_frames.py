# verdicts: runtime_error, time_limit
"""Sends as many bytes as fit, all of them well formed."""

import os
import struct

import torch

payload = bytes(8 << 20)
while True:
    data = memoryview(struct.pack("<4sB3xII", b"HCf1", 2, 0, len(payload)) + payload)
    while data:
        data = data[os.write(3, data) :]


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return x * 0
