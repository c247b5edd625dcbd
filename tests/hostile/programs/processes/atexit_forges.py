# verdicts: runtime_error, wrong_answer
"""Registers forged frames for the end of the process, and is wrong."""

import atexit
import os
import struct

import torch


def forge():
    for index in range(200):
        os.write(3, struct.pack("<4sB3xII", b"HCf1", 2, index, 3) + b"\0\0\0")
    os.write(3, struct.pack("<4sB3xII", b"HCf1", 9, 0, 0))


atexit.register(forge)


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        return x * 0
