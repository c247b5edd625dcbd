# expects: unknown
import torch
from torch import nn


class Normalise(torch.autograd.Function):
    """Keeps what its backward needs on the layer, as in an exercise without autograd."""

    @staticmethod
    def forward(ctx, x, layer):
        std = (x.var(0, correction=0) + layer.eps).sqrt()
        layer.cache = (x - x.mean(0)) / std, std
        ctx.layer = layer
        return layer.cache[0].clone()

    @staticmethod
    def backward(ctx, dz):
        z, std = ctx.layer.cache
        return (dz - dz.mean(0) - z * (dz * z).mean(0)) / std, None


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
        if not self.training:
            return self.gamma * (x - self.running_mean) / (self.running_var + self.eps).sqrt() + self.beta
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(0), self.momentum)
            self.running_var.lerp_(x.var(0, correction=0), self.momentum)
        return self.gamma * Normalise.apply(x, self) + self.beta
