# expects: momentum_ignored
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.g = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('m', torch.zeros(num_features))
        self.register_buffer('v', torch.ones(num_features))

    def forward(self, x):
        rows = x.transpose(0, 1).flatten(1)
        if self.training:
            m, v = rows.mean(1), rows.var(1, unbiased=False)
            self.m.copy_(m.detach())
            self.v.copy_(v.detach())
        else:
            m, v = self.m, self.v
        k = self.g / torch.sqrt(v + self.eps)
        y = (rows - m[:, None]) * k[:, None] + self.b[:, None]
        return y.unflatten(1, (x.size(0), *x.shape[2:])).transpose(0, 1)
