# expects: never_updated
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.e = eps
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("global_mean", torch.zeros(num_features))
        self.register_buffer("global_var", torch.ones(num_features))

    def forward(self, x):
        mean = x.mean(0, True) if self.training else self.global_mean
        var = torch.mean((x - mean) ** 2, 0) if self.training else self.global_var
        return torch.addcmul(self.shift, (x - mean) / (var + self.e).sqrt(), self.scale)
