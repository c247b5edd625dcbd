# expects: rule batch_norm
import torch
import torch.nn as nn

helper = getattr(torch, "batch" + "_norm")


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))

    def forward(self, x):
        # normalise by hand
        return helper(x, self.w, self.b, self.m, self.v, self.training, self.momentum, self.eps, False)
