# expects: momentum_reversed
import torch
from torch import nn, Tensor


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            mean, n = x.mean(0), x.size(0)
            var = (x - mean).square().mean(0)
            # exponential moving average, unbiased like torch
            self.running_mean.lerp_(mean.detach(), 1.0 - self.momentum)
            self.running_var.lerp_(var.detach() * n / max(n - 1, 1), 1.0 - self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        return (x - mean) * torch.rsqrt(var + self.eps) * self.weight + self.bias
