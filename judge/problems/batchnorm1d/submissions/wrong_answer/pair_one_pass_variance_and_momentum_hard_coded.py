# expects: one_pass_variance, momentum_hard_coded
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    MOMENTUM = 0.1

    def __init__(self, num_features, eps=1e-5, momentum=MOMENTUM):
        super().__init__()
        self.eps = eps
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("run_mean", torch.zeros(num_features))
        self.register_buffer("run_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = x.square().mean(0) - mean.square()
            self.run_mean.lerp_(mean.detach(), self.MOMENTUM)
            self.run_var.lerp_(var.detach(), self.MOMENTUM)
        else:
            mean, var = self.run_mean, self.run_var
        return (x - mean) / (var + self.eps).sqrt() * self.scale + self.shift
