# accepted: running statistics live in their own submodule
import torch
import torch.nn as nn


class RunningMoments(nn.Module):
    def __init__(self, size, rate):
        super().__init__()
        self.rate = rate
        self.register_buffer("first", torch.zeros(size))
        self.register_buffer("second", torch.ones(size))

    @torch.no_grad()
    def absorb(self, first, second):
        for mine, theirs in [(self.first, first), (self.second, second)]:
            mine.add_(self.rate * (theirs - mine))


class Affine(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.w = nn.Parameter(torch.ones(size))
        self.b = nn.Parameter(torch.zeros(size))

    def forward(self, z):
        return z * self.w + self.b


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.moments = RunningMoments(num_features, momentum)
        self.affine = Affine(num_features)

    def forward(self, x):
        first, second = self.moments.first, self.moments.second
        if self.training:
            first = x.mean(0)
            second = (x - first).square().mean(0)
            self.moments.absorb(first, second)
        return self.affine((x - first) / torch.sqrt(second + self.eps))
