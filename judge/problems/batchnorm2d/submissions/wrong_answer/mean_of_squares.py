# expects: uncentred_variance
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        pixels = x.transpose(1, -1)          # [N, W, H, C]
        if self.training:
            mean = pixels.mean(dim=(0, 1, 2))
            var = pixels.pow(2).mean(dim=(0, 1, 2))
            with torch.no_grad():
                self.running_mean = torch.lerp(self.running_mean, mean, self.momentum)
                self.running_var = torch.lerp(self.running_var, var, self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        y = (pixels - mean) / (var + self.eps).sqrt()
        return (y * self.weight + self.bias).transpose(1, -1)
