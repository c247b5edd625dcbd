# accepted: folds everything into one multiply and one add, the way fused kernels do
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def fold(self, mean, var):
        """a, b with a * x + b == weight * (x - mean) / sqrt(var + eps) + bias"""
        a = self.weight / torch.sqrt(var + self.eps)
        b = self.bias - a * mean
        return a, b

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = x.var(0, unbiased=False)
            with torch.no_grad():
                k = self.momentum
                torch.add(self.running_mean * (1 - k), mean, alpha=k, out=self.running_mean)
                torch.add(self.running_var * (1 - k), var, alpha=k, out=self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        a, b = self.fold(mean, var)
        return a * x + b
