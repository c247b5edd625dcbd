# expects: mutates_input
import torch
import torch.nn as nn


class Centre(torch.autograd.Function):
    """Subtracts the batch mean, in place to save memory."""

    @staticmethod
    def forward(ctx, x):
        mean = x.mean(0)
        x.data.sub_(mean)
        return x.clone(), mean

    @staticmethod
    def backward(ctx, g, _):
        return g - g.mean(0)


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("rm", torch.zeros(num_features))
        self.register_buffer("rv", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            xc, mean = Centre.apply(x)
            var = xc.square().mean(0)
            self.rm.lerp_(mean.detach(), self.momentum)
            self.rv.lerp_(var.detach(), self.momentum)
        else:
            xc, var = x - self.rm, self.rv
        return xc * (var + self.eps).rsqrt() * self.weight + self.bias
