# verdicts: wrong_answer, runtime_error
"""A list nested a million deep where the judge reads what was looked at."""

import os
import struct

import torch

payload = b"[" * 1_000_000
for kind in (3, 1):
    data = memoryview(struct.pack("<4sB3xII", b"HCf1", kind, 0, len(payload)) + payload)
    while data:
        data = data[os.write(3, data) :]
os.write(3, struct.pack("<4sB3xII", b"HCf1", 9, 0, 0))


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return x * 0
