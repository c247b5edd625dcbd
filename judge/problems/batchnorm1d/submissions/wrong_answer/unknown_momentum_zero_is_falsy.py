# expects: unknown
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=None, momentum=None):
        super().__init__()
        self.eps = eps or 1e-5
        self.momentum = momentum or 0.1  # 0.0 is falsy
        self.a = nn.Parameter(torch.ones(num_features))
        self.c = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            var, mean = torch.var_mean(x, 0, correction=0)
            self.mean = self.mean.lerp(mean.detach(), self.momentum)
            self.var = self.var.lerp(var.detach(), self.momentum)
        return torch.addcmul(self.c, self.a, (x - mean) * torch.rsqrt(var + self.eps))
