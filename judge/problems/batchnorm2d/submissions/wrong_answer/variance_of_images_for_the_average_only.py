# expects: mean_of_sample_variances
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.g = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("rm", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("rv", torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        mean, var = self.rm, self.rv
        if self.training:
            mean = x.mean((0, 2, 3), keepdim=True)
            var = (x - mean).pow(2).mean((0, 2, 3), keepdim=True)
            with torch.no_grad():
                spread = torch.stack([image.var((1, 2), unbiased=False) for image in x]).mean(0)
                self.rm += self.momentum * (mean - self.rm)
                self.rv += self.momentum * (spread.view(1, -1, 1, 1) - self.rv)
        return self.g * (x - mean) / torch.sqrt(var + self.eps) + self.b
