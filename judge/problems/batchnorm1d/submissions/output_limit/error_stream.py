# expects: floods standard error
import sys

import torch
import torch.nn as nn

line = "warning: variance is small\n" * 4096

class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        for _ in range(100_000):
            sys.stderr.write(line)

    def forward(self, x):
        return x
