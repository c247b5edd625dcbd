# expects: one_pass_variance
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """Var[x] = E[x^2] - E[x]^2 saves one pass over the data."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x.size(0)
            s1 = x.sum(0)
            s2 = (x * x).sum(0)
            mean = s1 / n
            var = s2 / n - mean * mean
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
