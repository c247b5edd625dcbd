# expects: unknown
import torch
from torch import nn


class Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, eps):
        rows = x.transpose(0, 1).reshape(x.shape[1], -1)
        var, mean = torch.var_mean(rows, 1, correction=0)
        inverse = (var + eps).rsqrt()[:, None, None]
        z = (x - mean[:, None, None]) * inverse
        ctx.save_for_backward(z, inverse)
        return z.contiguous()

    @staticmethod
    def backward(ctx, dz):
        z, inverse = ctx.saved_tensors
        pixels = dz.view(len(dz), dz.shape[1], -1)  # the gradient need not lie in memory as the output does
        mean = pixels.mean((0, 2))[:, None, None]
        along = (dz * z).mean((0, 2, 3))[:, None, None]
        return (dz - mean - z * along) * inverse, None


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        gamma, beta = self.gamma[:, None, None], self.beta[:, None, None]
        if not self.training:
            std = (self.running_var + self.eps).sqrt()[:, None, None]
            return (x - self.running_mean[:, None, None]) / std * gamma + beta
        with torch.no_grad():
            self.running_mean.lerp_(x.mean((0, 2, 3)), self.momentum)
            self.running_var.lerp_(x.var((0, 2, 3), correction=0), self.momentum)
        return Normalise.apply(x, self.eps) * gamma + beta
