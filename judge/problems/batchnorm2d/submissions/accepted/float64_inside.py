# accepted: computes in float64 and casts back to the input's dtype
import torch
from torch import nn


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
        x64 = x.to(torch.float64)  # a mean of 1e4 eats half of float32's digits
        if self.training:
            mean64 = x64.mean((0, 2, 3))
            var64 = x64.var((0, 2, 3), unbiased=False)
            with torch.no_grad():
                m = self.momentum
                self.running_mean.copy_(self.running_mean.double() * (1 - m) + m * mean64)
                self.running_var.copy_(self.running_var.double() * (1 - m) + m * var64)
        else:
            mean64 = self.running_mean.double()
            var64 = self.running_var.double()
        b = lambda t: t.double().reshape(1, -1, 1, 1)
        y = (x64 - b(mean64)) / torch.sqrt(b(var64) + self.eps) * b(self.gamma) + b(self.beta)
        return y.to(x.dtype)
