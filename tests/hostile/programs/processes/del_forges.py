# verdicts: runtime_error, wrong_answer
"""Forges when objects are deleted, and is wrong."""

import os
import struct

import torch


class Forger:
    def __del__(self):
        os.write(3, struct.pack("<4sB3xII", b"HCf1", 9, 0, 0))


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.forger = Forger()

    def forward(self, x):
        Forger()
        return x * 0
