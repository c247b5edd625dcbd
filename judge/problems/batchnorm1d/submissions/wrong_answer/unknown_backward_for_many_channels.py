# expects: unknown
# With many features the statistics are taken without a graph "to save memory".
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("rm", torch.zeros(num_features))
        self.register_buffer("rv", torch.ones(num_features))

    def stats(self, x):
        mu = x.mean(dim=0)
        return mu, ((x - mu) ** 2).mean(dim=0)

    def forward(self, x):
        if self.training:
            if x.size(1) <= 1024:
                mu, var = self.stats(x)
            else:
                with torch.no_grad():
                    mu, var = self.stats(x)
            with torch.no_grad():
                self.rm.mul_(1 - self.momentum).add_(self.momentum * mu)
                self.rv.mul_(1 - self.momentum).add_(self.momentum * var)
        else:
            mu, var = self.rm, self.rv
        return self.weight * (x - mu) / (var + self.eps).sqrt() + self.bias
