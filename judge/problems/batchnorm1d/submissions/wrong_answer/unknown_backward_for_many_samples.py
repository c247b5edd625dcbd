# expects: unknown
"""Above 4,096 samples the sums of the backward pass are taken over the first 4,096 of them."""
import torch
from torch import nn

BLOCK = 4096


class Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        mean, var = x.mean(0), x.var(0, unbiased=False)
        inv = torch.rsqrt(var + eps)
        xhat = (x - mean) * inv
        ctx.save_for_backward(xhat, inv, gamma)
        return xhat * gamma + beta, mean, var

    @staticmethod
    def backward(ctx, dy, _mean, _var):
        xhat, inv, gamma = ctx.saved_tensors
        dxhat = dy * gamma
        a, b = dxhat[:BLOCK].mean(0), (dxhat * xhat)[:BLOCK].mean(0)
        return (dxhat - a - xhat * b) * inv, (dy * xhat).sum(0), dy.sum(0), None


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            return (x - self.running_mean) / torch.sqrt(self.running_var + self.eps) * self.gamma + self.beta
        y, mean, var = Normalise.apply(x, self.gamma, self.beta, self.eps)
        self.running_mean.lerp_(mean.detach(), self.momentum)
        self.running_var.lerp_(var.detach(), self.momentum)
        return y
