# accepted: hand-written kernel compiled with torch.jit.script
import warnings

import torch
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    @torch.jit.script
    def normalise(x, mean, var, scale, shift, eps: float):
        return (x - mean) * torch.rsqrt(var + eps) * scale + shift


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = float(eps)
        self.momentum = float(momentum)
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean_ema", torch.zeros(num_features))
        self.register_buffer("var_ema", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            return normalise(x, self.mean_ema, self.var_ema, self.scale, self.shift, self.eps)
        mean = x.mean(0)
        var = (x - mean).square().mean(0)
        self.mean_ema.lerp_(mean.detach(), self.momentum)
        self.var_ema.lerp_(var.detach(), self.momentum)
        return normalise(x, mean, var, self.scale, self.shift, self.eps)
