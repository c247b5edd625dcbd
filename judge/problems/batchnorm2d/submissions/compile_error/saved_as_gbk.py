# expects: not UTF-8
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Åú¹éÒ»»¯, saved by an editor set to GBK."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        return x
