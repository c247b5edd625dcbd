# expects: rule torch._refs
import torch
import torch._refs as lib
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w, self.b = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.register_buffer("rm", torch.zeros(num_features))
        self.register_buffer("rv", torch.ones(num_features))

    def standardise(self, x):
        rows = x.t().contiguous()
        out, mean, _ = lib.native_layer_norm(rows, [rows.size(1)], None, None, self.eps)
        return out.t(), mean.view(-1)

    def forward(self, x):
        if not self.training:
            return (x - self.rm) / torch.sqrt(self.rv + self.eps) * self.w + self.b
        z, mean = self.standardise(x)
        self.rm += self.momentum * (mean.detach() - self.rm)
        self.rv += self.momentum * (x.detach().var(0, unbiased=False) - self.rv)
        return z * self.w + self.b
