# expects: no_eps
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps  # todo
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            centred = x - x.mean(0)
            var = centred.pow(2).mean(0)
            with torch.no_grad():
                self.running_mean += self.momentum * (x.mean(0) - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
        else:
            centred = x - self.running_mean
            var = self.running_var
        return centred * var.rsqrt() * self.weight + self.bias
