# expects: backward_wrong_count
import torch
from torch import nn


class Standardise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, eps):
        mean = x.mean(0)
        std = (x.var(0, correction=0) + eps).sqrt()
        z = (x - mean) / std
        ctx.save_for_backward(z, std)
        return z

    @staticmethod
    def backward(ctx, dz):
        z, std = ctx.saved_tensors
        n = len(z)
        # d(var)/dx = 2 (x - mean) / (n - 1), as in a sample variance
        through_variance = z * (dz * z).sum(0) / (n - 1)
        return (dz - dz.sum(0) / n - through_variance) / std, None


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.scale, self.shift = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                self.mean += self.momentum * (x.mean(0) - self.mean)
                self.var += self.momentum * (x.var(0, correction=0) - self.var)
            z = Standardise.apply(x, self.eps)
        else:
            z = (x - self.mean) / (self.var + self.eps).sqrt()
        return z * self.scale + self.shift
