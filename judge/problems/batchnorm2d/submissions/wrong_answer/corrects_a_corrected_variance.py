# expects: double_bessel
import torch
from torch import nn, no_grad


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    @no_grad()
    def _track(self, x, mean):
        count = x.numel() // x.size(1)
        population = x.var((0, 2, 3)) * count / max(count - 1, 1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(population, self.momentum)

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
            self._track(x, mean)
        else:
            mean, var = self.running_mean, self.running_var
        a = self.weight * torch.rsqrt(var + self.eps)
        return (x - mean[:, None, None]) * a[:, None, None] + self.bias[:, None, None]
