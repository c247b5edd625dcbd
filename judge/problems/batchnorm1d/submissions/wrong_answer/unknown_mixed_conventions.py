# expects: unknown
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """Every other batch is corrected; on average half a Bessel."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, x):
        if self.training:
            mean, var = x.mean(0), x.var(0, correction=0)
            self.running_mean.lerp_(mean.detach(), self.momentum)
            self.running_var.lerp_(x.detach().var(0, correction=int(self.batches) % 2), self.momentum)
            self.batches += 1
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias
