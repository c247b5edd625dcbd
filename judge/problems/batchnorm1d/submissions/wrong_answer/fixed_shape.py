# expects: fixed_shape
import torch
import torch.nn as nn

# 第一次前向时记住 batch 大小,之后一直使用
class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.N = 0
        self.eps, self.momentum = eps, momentum
        self.G, self.B = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.register_buffer('M', torch.zeros(num_features))
        self.register_buffer('V', torch.ones(num_features))

    def forward(self, x):
        self.N = self.N or x.shape[0]
        if self.training:
            m = x.sum(0) / self.N
            v = ((x - m) ** 2).sum(0) / self.N
            self.M = self.M * (1 - self.momentum) + m.detach() * self.momentum
            self.V = self.V * (1 - self.momentum) + v.detach() * self.momentum
        else:
            m, v = self.M, self.V
        return (x - m) / (v + self.eps) ** 0.5 * self.G + self.B
