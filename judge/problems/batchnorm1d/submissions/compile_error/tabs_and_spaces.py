# expects: TabError
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
	self.eps = eps
        self.momentum = momentum

    def forward(self, x):
        return x
