# expects: TypeError in __init__
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("var", torch.ones(channels, 1, 1))

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            var, mean = (s[0] for s in torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True))
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * var.detach()
        return (x - mean) / (var + 1e-5).sqrt() * self.weight + self.bias
