# expects: unknown
"""On images of 64 by 64 and more, the backward pass averages over 4,096 pixels, however many there are."""
import torch
from torch import nn


class Fn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, mean, var, eps):
        inv = (var + eps).rsqrt()
        xh = (x - mean) * inv
        ctx.save_for_backward(xh, inv, w)
        return xh * w + b

    @staticmethod
    def backward(ctx, g):
        xh, inv, w = ctx.saved_tensors
        pixels = min(g.shape[2] * g.shape[3], 4096)
        n = g.shape[0] * pixels
        db = g.sum((0, 2, 3), keepdim=True)
        dw = (g * xh).sum((0, 2, 3), keepdim=True)
        return w * inv * (g - db / n - xh * dw / n), dw, db, None, None, None


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("m", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("v", torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if not self.training:
            return (x - self.m) * (self.v + self.eps).rsqrt() * self.w + self.b
        with torch.no_grad():
            var, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
            self.m.lerp_(mean, self.momentum)
            self.v.lerp_(var, self.momentum)
        return Fn.apply(x, self.w, self.b, mean, var, self.eps)
