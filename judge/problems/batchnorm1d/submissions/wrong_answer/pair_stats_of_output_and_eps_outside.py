# expects: stats_of_output, eps_outside_sqrt
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def normalise(self, x, mean, var):
        return self.gamma * (x - mean) / (torch.sqrt(var) + self.eps) + self.beta

    def forward(self, x):
        if not self.training:
            return self.normalise(x, self.running_mean, self.running_var)
        y = self.normalise(x, x.mean(0), x.var(0, correction=0))
        with torch.no_grad():
            self.running_mean.lerp_(y.mean(0), self.momentum)
            self.running_var.lerp_(y.var(0, correction=0), self.momentum)
        return y
