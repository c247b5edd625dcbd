# expects: eps_hard_coded
import torch
import torch.nn as nn


def standardise(x, mean, var, eps=1e-5):
    return (x - mean) / torch.sqrt(var + eps)


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
            z = standardise(x, mean, var)
        else:
            z = standardise(x, self.running_mean, self.running_var)
        return z * self.weight + self.bias
