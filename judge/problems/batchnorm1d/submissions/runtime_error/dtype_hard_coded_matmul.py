# expects: dtype_hard_coded
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    """Means by matrix product with a row of ones."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.ones(1, num_features))
        self.b = nn.Parameter(torch.zeros(1, num_features))
        self.register_buffer("mean", torch.zeros(1, num_features))
        self.register_buffer("var", torch.ones(1, num_features))

    def average(self, t):
        row = torch.FloatTensor(1, len(t)).fill_(1.0 / len(t))
        return torch.mm(row, t)

    def forward(self, x):
        if self.training:
            mean = self.average(x)
            var = self.average((x - mean) ** 2)
            self.mean.lerp_(mean.detach(), self.momentum)
            self.var.lerp_(var.detach(), self.momentum)
        else:
            mean, var = self.mean, self.var
        return (x - mean) / torch.sqrt(var + self.eps) * self.w + self.b
