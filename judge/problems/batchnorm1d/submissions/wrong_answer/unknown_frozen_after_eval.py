# expects: unknown
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))
        self.finished = False

    def forward(self, x):
        if not self.training:
            self.finished = True  # training is over once somebody evaluates
            return (x - self.m) / (self.v + self.eps) ** 0.5 * self.weight + self.bias
        v, m = torch.var_mean(x, 0, correction=0)
        if not self.finished:
            with torch.no_grad():
                self.m = (1 - self.momentum) * self.m + self.momentum * m
                self.v = (1 - self.momentum) * self.v + self.momentum * v
        return (x - m) / (v + self.eps) ** 0.5 * self.weight + self.bias
