# expects: rule SyncBatchNorm
import torch
from torch.nn import Module
from torch.nn import SyncBatchNorm as Engine


class MyBatchNorm2d(Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.engine = Engine(num_features, eps=eps, momentum=momentum)

    def forward(self, x):
        # on one machine it falls back to the plain kernel
        return self.engine(x)
