# expects: eps_outside_sqrt, momentum_hard_coded
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mu", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            v, mu = torch.var_mean(x, 0, unbiased=False)
            self.mu.mul_(0.9).add_(mu.detach(), alpha=0.1)
            self.v.mul_(0.9).add_(v.detach(), alpha=0.1)
        else:
            mu, v = self.mu, self.v
        return (x - mu) / (v.sqrt() + self.eps) * self.scale + self.shift
