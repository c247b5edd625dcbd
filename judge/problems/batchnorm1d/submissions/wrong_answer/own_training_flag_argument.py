# expects: own_training_flag
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mu", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x, training=True):
        if training:
            mu = torch.mean(x, dim=0)
            var = torch.mean((x - mu) ** 2, dim=0)
            self.mu += self.momentum * (mu.detach() - self.mu)
            self.var += self.momentum * (var.detach() - self.var)
            return (x - mu) * torch.rsqrt(var + self.eps) * self.weight + self.bias
        return (x - self.mu) * torch.rsqrt(self.var + self.eps) * self.weight + self.bias
