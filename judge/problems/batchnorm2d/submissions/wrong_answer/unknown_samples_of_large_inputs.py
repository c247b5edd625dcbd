# expects: unknown
"""Inputs of more than half a million values are estimated from every second row of pixels."""
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.scale = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.shift = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("mean", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("var", torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if self.training:
            seen = x[:, :, ::2] if x.numel() > 500_000 else x
            mean = seen.mean((0, 2, 3), keepdim=True)
            var = (seen - mean).square().mean((0, 2, 3), keepdim=True)
            self.mean.copy_(torch.lerp(self.mean, mean.detach(), self.momentum))
            self.var.copy_(torch.lerp(self.var, var.detach(), self.momentum))
        else:
            mean, var = self.mean, self.var
        return torch.addcmul(self.shift, self.scale, (x - mean) * torch.rsqrt(var + self.eps))
