# expects: wrong_initial_affine
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.randn(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("avg", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            var, avg = torch.var_mean(x, dim=0, unbiased=False)
            self.avg.lerp_(avg.detach(), self.momentum)
            self.var.lerp_(var.detach(), self.momentum)
        else:
            avg, var = self.avg, self.var
        return torch.addcmul(self.bias, (x - avg) * (var + self.eps).rsqrt(), self.weight)
