# expects: backward_without_variance_term
import torch
import torch.nn as nn


class Standardise(torch.autograd.Function):
    """x -> (x - mean) * inv_std"""

    @staticmethod
    def forward(ctx, x, eps):
        var, mean = torch.var_mean(x, dim=0, correction=0)
        inv_std = torch.rsqrt(var + eps)
        ctx.save_for_backward(inv_std)
        ctx.mark_non_differentiable(mean, var)
        return (x - mean) * inv_std, mean, var

    @staticmethod
    def backward(ctx, g, *unused):
        (inv_std,) = ctx.saved_tensors
        return (g - g.mean(dim=0)) * inv_std, None


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            z, mean, var = Standardise.apply(x, self.eps)
            self.mean = torch.lerp(self.mean, mean, self.momentum)
            self.var = torch.lerp(self.var, var, self.momentum)
        else:
            z = (x - self.mean) * torch.rsqrt(self.var + self.eps)
        return z * self.weight + self.bias
