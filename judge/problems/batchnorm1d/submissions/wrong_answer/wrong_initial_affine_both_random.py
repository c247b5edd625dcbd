# expects: wrong_initial_affine
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    """Initialised like a linear layer: every weight at random, to break symmetry."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.empty(num_features))
        self.b = nn.Parameter(torch.empty(num_features))
        for parameter in (self.w, self.b):
            nn.init.normal_(parameter)
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            m = x.mean(dim=0)
            v = (x - m).square().mean(dim=0)
            self.m = torch.lerp(self.m, m.detach(), self.momentum)
            self.v = torch.lerp(self.v, v.detach(), self.momentum)
            return (x - m) / torch.sqrt(v + self.eps) * self.w + self.b
        return (x - self.m) / torch.sqrt(self.v + self.eps) * self.w + self.b
