# expects: affine_skipped_in_eval
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        c = x.shape[1]
        if not self.training:
            return (x - self.running_mean.view(1, c, 1, 1)) / (self.running_var.view(1, c, 1, 1) + self.eps).sqrt()

        per_channel = x.transpose(0, 1).reshape(c, -1)
        mean = per_channel.mean(1)
        var = per_channel.var(1, unbiased=False)
        with torch.no_grad():
            self.running_mean.copy_((1 - self.momentum) * self.running_mean + self.momentum * mean)
            self.running_var.copy_((1 - self.momentum) * self.running_var + self.momentum * var)
        x = (x - mean.view(1, c, 1, 1)) / (var.view(1, c, 1, 1) + self.eps).sqrt()
        return x * self.weight.view(1, c, 1, 1) + self.bias.view(1, c, 1, 1)
