# expects: ModuleNotFoundError
import torch
from einops import rearrange, reduce
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = reduce(x, "n c h w -> c", "mean")
            var = reduce((x - rearrange(mean, "c -> c 1 1")) ** 2, "n c h w -> c", "mean")
        else:
            mean, var = self.running_mean, self.running_var
        x = (x - rearrange(mean, "c -> c 1 1")) / rearrange((var + self.eps) ** 0.5, "c -> c 1 1")
        return x * rearrange(self.weight, "c -> c 1 1") + rearrange(self.bias, "c -> c 1 1")
