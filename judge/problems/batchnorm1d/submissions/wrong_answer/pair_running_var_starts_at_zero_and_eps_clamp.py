# expects: running_var_starts_at_zero, eps_clamp
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("stats", torch.zeros(2, num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = (x - mean).square().mean(0)
            batch = torch.stack((mean, var)).detach()
            self.stats.mul_(1 - self.momentum).add_(batch, alpha=self.momentum)
        else:
            mean, var = self.stats
        std = var.clamp_min(self.eps).sqrt()
        return (x - mean) / std * self.gamma + self.beta
