# expects: not importable because of a module that is not there
import torch
import torch.nn as nn
from my_utils.norms import running_average


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.update = running_average(momentum)

    def forward(self, x):
        return x
