# expects: unknown
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer('running_mean', torch.zeros(1, num_features, 1, 1))
        self.register_buffer('running_dev', torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if self.training:
            mean = x.mean((0, 2, 3), keepdim=True)
            # L1 batch norm: 平均绝对偏差
            dev = (x - mean).abs().mean((0, 2, 3), keepdim=True)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean.detach()
            self.running_dev = (1 - self.momentum) * self.running_dev + self.momentum * dev.detach()
        else:
            mean, dev = self.running_mean, self.running_dev
        return self.gamma * (x - mean) / torch.sqrt(dev ** 2 + self.eps) + self.beta
