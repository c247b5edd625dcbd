# expects: eps_hard_coded
import torch
from torch import nn


class _Norm(nn.Module):
    def __init__(self, channels, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, rows):
        mean, var = self.mean, self.var
        if self.training:
            var, mean = torch.var_mean(rows, 0, correction=0)
            with torch.no_grad():
                self.mean += (mean - self.mean) * self.momentum
                self.var += (var - self.var) * self.momentum
        return (rows - mean) * (var + self.eps).rsqrt() * self.gamma + self.beta


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.norm = _Norm(num_features, momentum=momentum)

    def forward(self, x):
        n, c, h, w = x.shape
        return self.norm(x.movedim(1, 3).flatten(0, 2)).unflatten(0, (n, h, w)).movedim(3, 1)
