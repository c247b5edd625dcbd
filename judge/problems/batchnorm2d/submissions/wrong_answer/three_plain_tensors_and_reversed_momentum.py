# expects: affine_not_parameters, stats_not_buffers, momentum_reversed
# 没有用 Parameter 和 buffer，动量也写反了
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.w = torch.ones(1, num_features, 1, 1)
        self.b = torch.zeros(1, num_features, 1, 1)
        self.mu = torch.zeros(1, num_features, 1, 1)
        self.var = torch.ones(1, num_features, 1, 1)

    def forward(self, x):
        mu, var = self.mu, self.var
        if self.training:
            mu = x.mean((0, 2, 3), keepdim=True)
            var = ((x - mu) ** 2).mean((0, 2, 3), keepdim=True)
            self.mu = self.momentum * self.mu + (1 - self.momentum) * mu.detach()
            self.var = self.momentum * self.var + (1 - self.momentum) * var.detach()
        return self.w * (x - mu) / (var + self.eps) ** 0.5 + self.b
