# expects: eps_outside_sqrt
import torch
from torch import nn


def standardize(x, mean, var, eps):
    std = var ** 0.5 + eps
    return (x - mean) / std


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # channels to the back: [N, H, W, C] broadcasts against [C]
        x = x.permute(0, 2, 3, 1)
        if self.training:
            mean = x.mean((0, 1, 2))
            var = x.var((0, 1, 2), correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        x = standardize(x, mean, var, self.eps) * self.weight + self.bias
        return x.permute(0, 3, 1, 2)
