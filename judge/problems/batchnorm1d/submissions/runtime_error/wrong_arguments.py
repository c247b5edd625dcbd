# expects: TypeError because __init__ takes no eps
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.gamma * x
