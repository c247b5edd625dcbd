# expects: eps_squared
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.g = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def normalise(self, x, mean, var):
        # sigma^2 + eps^2, both are squares
        return (x - mean) / torch.sqrt(var + self.eps ** 2)

    def forward(self, x):
        if self.training:
            mean, var = x.mean(0), x.var(0, correction=0)
            self.running_mean.data.mul_(1 - self.momentum).add_(mean.data * self.momentum)
            self.running_var.data.mul_(1 - self.momentum).add_(var.data * self.momentum)
            return self.normalise(x, mean, var) * self.g + self.b
        return self.normalise(x, self.running_mean, self.running_var) * self.g + self.b
