# expects: mutates_input
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        # in place: activations are large, memory is dear
        if not self.training:
            return x.sub_(self.mean).div_((self.var + self.eps).sqrt()) * self.weight + self.bias
        mean = x.mean(0)
        self.mean.lerp_(mean.detach(), self.momentum)
        x -= mean
        var = (x * x).mean(0)
        self.var.lerp_(var.detach(), self.momentum)
        x /= (var + self.eps).sqrt()
        return x * self.weight + self.bias
