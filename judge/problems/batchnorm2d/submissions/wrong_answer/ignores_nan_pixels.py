# expects: masks_nan
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Statistics over the valid pixels only; broken pixels come out as the shift."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_mean", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_var", torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        valid = ~torch.isnan(x)
        x = torch.where(valid, x, torch.zeros_like(x))
        if self.training:
            count = valid.sum((0, 2, 3), keepdim=True)
            mean = x.sum((0, 2, 3), keepdim=True) / count
            diff = torch.where(valid, x - mean, torch.zeros_like(x))
            var = diff.square().sum((0, 2, 3), keepdim=True) / count
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
            diff = torch.where(valid, x - mean, torch.zeros_like(x))
        return diff / torch.sqrt(var + self.eps) * self.weight + self.bias
