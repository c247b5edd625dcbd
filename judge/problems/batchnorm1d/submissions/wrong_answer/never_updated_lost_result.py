# expects: never_updated
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

    def forward(self, x):
        running_mean, running_var = self.running_mean, self.running_var
        if self.training:
            mean = x.mean(0)
            var = x.var(0, unbiased=False)
            # local names only: the module never hears of it
            running_mean = (1 - self.momentum) * running_mean + self.momentum * mean
            running_var = (1 - self.momentum) * running_var + self.momentum * var
        else:
            mean, var = running_mean, running_var
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
