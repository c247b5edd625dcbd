# expects: fixed_shape
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("run_mean", torch.zeros(num_features))
        self.register_buffer("run_var", torch.ones(num_features))
        self.averaging = None  # row vector of 1/N, made once

    def forward(self, x):
        if self.averaging is None:
            self.averaging = x.new_full((x.size(0),), 1.0 / x.size(0))
        p = self.averaging.to(x.dtype)
        if self.training:
            mean = torch.einsum("n,nd->d", p, x)
            var = torch.einsum("n,nd->d", p, (x - mean).square())
            self.run_mean.mul_(1 - self.momentum).add_(mean.detach(), alpha=self.momentum)
            self.run_var.mul_(1 - self.momentum).add_(var.detach(), alpha=self.momentum)
            return self.scale * (x - mean) / (var + self.eps).sqrt() + self.shift
        return self.scale * (x - self.run_mean) / (self.run_var + self.eps).sqrt() + self.shift
