# expects: eval_uses_batch
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("ema_mean", torch.zeros(num_features))
        self.register_buffer("ema_var", torch.ones(num_features))

    def _train_stats(self, x):
        var, mean = torch.var_mean(x, 0, correction=0)
        self.ema_mean.lerp_(mean.detach(), self.momentum)
        self.ema_var.lerp_(var.detach(), self.momentum)
        return mean, var

    def forward(self, x):
        if self.training:
            mean, var = self._train_stats(x)
        else:
            # bug nobody noticed: recomputed "just to be safe"
            mean, var = self.ema_mean, self.ema_var
            var, mean = torch.var_mean(x, 0, correction=0)
        return (x - mean).mul((var + self.eps).rsqrt()).mul(self.scale).add(self.shift)
