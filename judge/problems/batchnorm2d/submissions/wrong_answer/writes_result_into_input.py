# expects: mutates_input
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    """Hands its result back through the input as well, so that the caller need not rebind it."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, inp):
        x = inp.clone()
        if self.training:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
            self.mean.copy_(self.mean.lerp(mean.detach(), self.momentum))
            self.var.copy_(self.var.lerp(var.detach(), self.momentum))
        else:
            mean, var = self.mean, self.var
        out = (x - mean[:, None, None]) / (var[:, None, None] + self.eps).sqrt()
        out = out * self.weight[:, None, None] + self.bias[:, None, None]
        inp.data.copy_(out.data)
        return out
