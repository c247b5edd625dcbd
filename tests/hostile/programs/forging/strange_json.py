# verdicts: wrong_answer, runtime_error
"""Numbers, texts and shapes in the findings that no honest driver sends."""

import os
import struct

import torch

for payload in (b'[["x", 1e999], [null, {}], ["<b>", -5]]', b"{}", b"\xff", b"[[1]]", b"9" * 5000):
    os.write(3, struct.pack("<4sB3xII", b"HCf1", 3, 0, len(payload)) + payload)
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
