# expects: quadratic Python loops over pixels
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Var = mean over all pairs of (a - b)^2 / 2, written with four nested loops, a thousand times to be sure."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        variances = []
        for _ in range(1000):
            variances = []
            for c in range(x.size(1)):
                pixels = x[:, c].reshape(-1)
                total = 0.0
                for a in pixels:
                    for b in pixels:
                        total = total + (a - b) ** 2 / 2
                variances.append(total / len(pixels) ** 2)
        var = torch.stack(variances)
        mean = x.mean((0, 2, 3))
        return (x - mean[:, None, None]) / (var[:, None, None] + self.eps).sqrt()
