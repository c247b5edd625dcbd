# expects: eps_outside_sqrt
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    '''用标准差来做归一化'''

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm1d, self).__init__()
        self.eps = eps
        self.momentum = momentum
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('mean', torch.zeros(num_features))
        self.register_buffer('var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mu = x.mean(0)
            std = x.std(0, unbiased=False)
            with torch.no_grad():
                self.mean = self.mean * (1 - self.momentum) + mu * self.momentum
                self.var = self.var * (1 - self.momentum) + std ** 2 * self.momentum
        else:
            mu = self.mean
            std = self.var ** 0.5
        # 防止除以零
        x = (x - mu) / (std + self.eps)
        return x * self.scale + self.shift
