# expects: fixed_shape
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Sums per channel, divided by a count that is worked out once."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.batch_size = 0
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        expand = (slice(None), None, None)
        if self.training:
            self.batch_size = self.batch_size or x.size(0)
            count = self.batch_size * x.size(2) * x.size(3)
            mean = x.sum((0, 2, 3)) / count
            var = (x - mean[expand]).pow(2).sum((0, 2, 3)) / count
            with torch.no_grad():
                self.mean = torch.lerp(self.mean, mean, self.momentum)
                self.var = torch.lerp(self.var, var, self.momentum)
        else:
            mean, var = self.mean, self.var
        y = (x - mean[expand]) / torch.sqrt(var + self.eps)[expand]
        return y * self.scale[expand] + self.shift[expand]
