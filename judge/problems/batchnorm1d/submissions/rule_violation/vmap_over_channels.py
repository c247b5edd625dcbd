# expects: rule batch_norm
import torch
import torch.nn as nn


def one_channel(column, weight, bias, eps):
    return torch.nn.functional.batch_norm(column[:, None], None, None, weight[None], bias[None], True, 0.0, eps)[:, 0]


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
        if not self.training:
            return (x - self.running_mean) / (self.running_var + self.eps).sqrt() * self.weight + self.bias
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(0), self.momentum)
            self.running_var.lerp_(x.var(0, unbiased=False), self.momentum)
        return torch.vmap(one_channel, in_dims=(1, 0, 0, None), out_dims=1)(x, self.weight, self.bias, self.eps)
