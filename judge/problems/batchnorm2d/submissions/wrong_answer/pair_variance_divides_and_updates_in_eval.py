# expects: divides_by_variance, updates_in_eval
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.g = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))

    def forward(self, x):
        bv, bm = torch.var_mean(x, (0, 2, 3), correction=0)
        m, v = (bm, bv) if self.training else (self.m, self.v)
        y = torch.einsum("nchw,c->nchw", x - m[:, None, None], self.g / (v + self.eps)) + self.b[:, None, None]
        self.m = torch.lerp(self.m, bm.detach(), self.momentum)
        self.v = torch.lerp(self.v, bv.detach(), self.momentum)
        return y
