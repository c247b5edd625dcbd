# expects: stops_gradient_var
import torch
import torch.nn as nn


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
            mean = x.mean(dim=(0, 2, 3))
            var = ((x - mean.view(1, -1, 1, 1)) ** 2).mean(dim=(0, 2, 3)).data
            self.running_mean.data = self.momentum * mean.data + (1 - self.momentum) * self.running_mean.data
            self.running_var.data = self.momentum * var + (1 - self.momentum) * self.running_var.data
        else:
            mean, var = self.running_mean, self.running_var
        inv_std = 1 / torch.sqrt(var + self.eps)
        x = (x - mean.view(1, -1, 1, 1)) * inv_std.view(1, -1, 1, 1)
        return x * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
