# expects: scale_and_shift_swapped
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.affine = nn.ParameterList([torch.ones(num_features), torch.zeros(num_features)])
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))
        self.eps, self.k = eps, momentum

    def forward(self, x):
        b, w = self.affine
        m, v = self.m, self.v
        if self.training:
            v, m = torch.var_mean(x, dim=0, unbiased=False)
            self.m.add_(self.k * (m.detach() - self.m))
            self.v.add_(self.k * (v.detach() - self.v))
        z = (x - m) * torch.rsqrt(v + self.eps)
        return torch.addcmul(b, z, w)
