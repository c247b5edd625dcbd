# expects: missing class
import torch
from torch import nn


def build(num_features, eps=1e-5, momentum=0.1):
    class MyBatchNorm2d(nn.Module):
        def __init__(self):
            super().__init__()
            self.gamma = nn.Parameter(torch.ones(num_features))

        def forward(self, x):
            return x * self.gamma.view(1, -1, 1, 1)

    return MyBatchNorm2d()
