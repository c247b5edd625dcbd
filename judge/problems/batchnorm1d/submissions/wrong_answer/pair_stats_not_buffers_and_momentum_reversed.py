# expects: stats_not_buffers, momentum_reversed
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.mean_history = torch.zeros(num_features)
        self.var_history = torch.ones(num_features)

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = (x - mean).pow(2).mean(0)
            self.mean_history = self.mean_history * self.momentum + mean.detach() * (1 - self.momentum)
            self.var_history = self.var_history * self.momentum + var.detach() * (1 - self.momentum)
        else:
            mean, var = self.mean_history, self.var_history
        return self.weight * (x - mean) * torch.rsqrt(var + self.eps) + self.bias
