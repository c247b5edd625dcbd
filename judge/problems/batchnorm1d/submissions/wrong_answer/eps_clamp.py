# expects: eps_clamp
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """Clamp the variance from below instead of shifting it."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = x.sub(mean).square().mean(0)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var, self.momentum)
        else:
            mean = self.running_mean
            var = self.running_var
        inv_std = torch.clamp(var, min=self.eps).rsqrt()
        return torch.addcmul(self.beta, x - mean, inv_std * self.gamma)
