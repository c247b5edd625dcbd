# expects: mutates_input
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer('rm', torch.zeros(1, num_features, 1, 1))
        self.register_buffer('rv', torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if self.training:
            v, m = torch.var_mean(x, (0, 2, 3), unbiased=False, keepdim=True)
            self.rm.lerp_(m.detach(), self.momentum)
            self.rv.lerp_(v.detach(), self.momentum)
        else:
            m, v = self.rm, self.rv
        x -= m
        x *= torch.rsqrt(v + self.eps)
        return x * self.w + self.b
