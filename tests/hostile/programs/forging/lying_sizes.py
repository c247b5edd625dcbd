# verdicts: wrong_answer, runtime_error
"""Tensors whose sizes and bytes disagree, with ranks and dtypes that do not exist."""

import os
import struct

import torch

for index, body in enumerate((
    struct.pack("<BB1I", 0, 1, 1_000_000) + bytes(4),
    struct.pack("<BB", 77, 0),
    struct.pack("<BB", 0, 200),
    struct.pack("<BB8I", 0, 8, *[0xFFFFFFFF] * 8),
    struct.pack("<BB2I", 0, 2, 0, 0xFFFFFFFF),
)):
    payload = b"\0\1\0" + body
    os.write(3, struct.pack("<4sB3xII", b"HCf1", 2, index, len(payload)) + payload)
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
