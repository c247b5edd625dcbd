# expects: rule BatchNorm1d
import warnings

import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.core = torch.jit.script(nn.BatchNorm1d(num_features, eps, momentum))

    def forward(self, x):
        return self.core(x)
