# expects: constant_channel_nan_gradient
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
        if self.training:
            mean = x.mean((0, 2, 3))
            std = torch.sqrt(x.var((0, 2, 3), unbiased=False))
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(std ** 2, self.momentum)
        else:
            mean, std = self.running_mean, self.running_var.sqrt()
        x = (x - mean[None, :, None, None]) / torch.sqrt(std * std + self.eps)[None, :, None, None]
        return x * self.gamma[None, :, None, None] + self.beta[None, :, None, None]
