# expects: updates_only_with_grad
import torch
from torch import nn


class Tracker(nn.Module):
    def __init__(self, start, momentum):
        super().__init__()
        self.momentum = momentum
        self.register_buffer("value", start)

    def update(self, new):
        if new.requires_grad or torch.is_grad_enabled():
            self.value.lerp_(new.detach(), self.momentum)


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.mean = Tracker(torch.zeros(num_features), momentum)
        self.var = Tracker(torch.ones(num_features), momentum)
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, 0, correction=0)
            self.mean.update(mean)
            self.var.update(var)
        else:
            mean, var = self.mean.value, self.var.value
        return (x - mean) * (var + self.eps).rsqrt() * self.gamma + self.beta
