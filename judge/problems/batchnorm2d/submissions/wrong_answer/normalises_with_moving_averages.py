# expects: trains_with_running_stats
import torch
from torch import nn


class ExponentialAverage:
    """Moves a tensor in place towards what it is shown."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, average, value):
        average.data.copy_(average.data + self.rate * (value.data - average.data))


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.follow = ExponentialAverage(momentum)
        self.weight = nn.Parameter(torch.ones(num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.register_buffer("mean", torch.zeros(num_features, 1, 1))
        self.register_buffer("var", torch.ones(num_features, 1, 1))

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0, keepdim=True)
            self.follow(self.mean, mean[0])
            self.follow(self.var, var[0])
        # training and inference agree: both use the averages
        scale = self.weight / torch.sqrt(self.var + self.eps)
        return (x - self.mean) * scale + self.bias
