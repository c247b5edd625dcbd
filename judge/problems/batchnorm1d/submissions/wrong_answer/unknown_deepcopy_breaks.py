# expects: unknown
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))
        self.cache = {}

    def forward(self, x):
        if self.training:
            mu, var = x.mean(0), x.var(0, correction=0)
            self.mean.lerp_(mu.detach(), self.momentum)
            self.var.lerp_(var.detach(), self.momentum)
        else:
            mu, var = self.mean, self.var
        ivar = torch.rsqrt(var + self.eps)
        xhat = (x - mu) * ivar
        # cs231n style: keep what a backward pass would need
        out = self.weight * xhat + self.bias
        self.cache.update(xhat=xhat, ivar=ivar, out=out)
        return out
