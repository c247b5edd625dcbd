# expects: unbiased_output_var, momentum_hard_coded
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.register_buffer("running_mean", torch.zeros(num_features, 1, 1))
        self.register_buffer("running_var", torch.ones(num_features, 1, 1))

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, (0, 2, 3), keepdim=True)
            self.running_mean.lerp_(mean[0].detach(), 0.1)
            self.running_var.lerp_(var[0].detach(), 0.1)
        else:
            var, mean = self.running_var, self.running_mean
        return (x - mean) * torch.rsqrt(var + self.eps) * self.weight + self.bias
