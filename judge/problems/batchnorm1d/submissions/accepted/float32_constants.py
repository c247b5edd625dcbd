# accepted: eps, momentum, n and 1/n kept as float32 scalars; the arithmetic follows the input's dtype
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = torch.tensor(eps)
        self.momentum = torch.tensor(momentum)
        self.gain = nn.Parameter(torch.ones(num_features))
        self.offset = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("seen_mean", torch.zeros(num_features))
        self.register_buffer("seen_var", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            return (x - self.seen_mean) / (self.seen_var + self.eps).sqrt() * self.gain + self.offset
        share = torch.tensor(1.0) / torch.tensor(float(len(x)))
        mean = x.sum(0) * share
        centred = x - mean
        var = (centred * centred).sum(0) * share
        with torch.no_grad():
            self.seen_mean += self.momentum * (mean - self.seen_mean)
            self.seen_var += self.momentum * (var - self.seen_var)
        return centred / (var + self.eps).sqrt() * self.gain + self.offset
