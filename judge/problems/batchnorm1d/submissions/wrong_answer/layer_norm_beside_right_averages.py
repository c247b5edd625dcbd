# expects: layer_norm
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    @torch.no_grad()
    def track(self, batch):
        self.running_mean.lerp_(batch.mean(0), self.momentum)
        self.running_var.lerp_(batch.var(0, correction=0), self.momentum)

    def forward(self, x):
        if self.training:
            self.track(x)
            var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        else:
            mean, var = self.running_mean, self.running_var
        return (x - mean) * (var + self.eps).rsqrt() * self.weight + self.bias
