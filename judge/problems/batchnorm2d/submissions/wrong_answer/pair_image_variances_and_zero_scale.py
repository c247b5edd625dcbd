# expects: mean_of_sample_variances, wrong_initial_affine
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer('rm', torch.zeros(1, num_features, 1, 1))
        self.register_buffer('rv', torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if self.training:
            m = x.mean((2, 3), keepdim=True).mean(0, keepdim=True)
            v = x.var((2, 3), correction=0, keepdim=True).mean(0, keepdim=True)
            self.rm = self.rm * (1 - self.momentum) + self.momentum * m.detach()
            self.rv = self.rv * (1 - self.momentum) + self.momentum * v.detach()
        else:
            m, v = self.rm, self.rv
        return self.gamma * ((x - m) / torch.sqrt(v + self.eps)) + self.beta
