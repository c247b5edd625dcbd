# expects: scale_applied_to_shift
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        nn.Module.__init__(self)
        self.eps, self.momentum = eps, momentum
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('mean', torch.zeros(num_features))
        self.register_buffer('var', torch.ones(num_features))

    def forward(self, x):
        b = (1, -1, 1, 1)
        mean, var = self.mean, self.var
        if self.training:
            mean = x.mean((0, 2, 3))
            var = x.var((0, 2, 3), unbiased=False)
            n = x.numel() // x.size(1)
            self.mean = torch.lerp(self.mean, mean.detach(), self.momentum)
            self.var = torch.lerp(self.var, var.detach() * n / max(n - 1, 1), self.momentum)
        norm = (x - mean.reshape(b)) / (var + self.eps).sqrt().reshape(b)
        return (norm + self.shift.reshape(b)) * self.scale.reshape(b)
