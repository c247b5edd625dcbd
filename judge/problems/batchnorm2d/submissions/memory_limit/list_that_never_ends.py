# expects: grows until the limit
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.seen = []

    def forward(self, x):
        while len(self.seen) >= 0:
            self.seen.append(torch.ones(4_000_000))
        return x
