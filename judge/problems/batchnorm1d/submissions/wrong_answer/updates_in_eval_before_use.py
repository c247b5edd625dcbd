# expects: updates_in_eval
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    @torch.no_grad()
    def observe(self, x):
        self.running_mean.lerp_(x.mean(0), self.momentum)
        self.running_var.lerp_(x.var(0, correction=0), self.momentum)

    def forward(self, x):
        self.observe(x)
        if self.training:
            mean, var = x.mean(0), x.var(0, correction=0)
        else:
            mean, var = self.running_mean.clone(), self.running_var.clone()
        y = (x - mean) * (var + self.eps).rsqrt()
        return y * self.weight + self.bias
