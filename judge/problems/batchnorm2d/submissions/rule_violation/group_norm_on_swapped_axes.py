# expects: rule group_norm
import torch
from torch import nn
from torch.nn.functional import group_norm as gn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        up = (slice(None), None, None)
        if not self.training:
            return (x - self.running_mean[up]) / (self.running_var[up] + self.eps).sqrt() * self.weight[up] + self.bias[up]
        var, mean = torch.var_mean(x.detach(), (0, 2, 3), correction=0)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var, self.momentum)
        # channels become samples, samples become one group of channels
        y = gn(x.transpose(0, 1).contiguous(), 1, eps=self.eps).transpose(0, 1)
        return y * self.weight[up] + self.bias[up]
