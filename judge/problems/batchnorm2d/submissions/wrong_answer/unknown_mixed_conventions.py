# expects: unknown
import torch
from torch import nn


def population_variance(var, images, pixels):
    """Bessel's correction, but one image alone is taken as the whole population."""
    if images == 1:
        return var
    n = images * pixels
    return var * n / (n - 1)


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.register_buffer("mean", torch.zeros(num_features, 1, 1))
        self.register_buffer("var", torch.ones(num_features, 1, 1))

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
            mean, var = mean[:, None, None], var[:, None, None]
            with torch.no_grad():
                self.mean.lerp_(mean, self.momentum)
                self.var.lerp_(population_variance(var, len(x), x[0, 0].numel()), self.momentum)
        return (x - mean) / (var + self.eps).sqrt() * self.weight + self.bias
