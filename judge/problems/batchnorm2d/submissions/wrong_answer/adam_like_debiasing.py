# expects: zero_debias
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Averages start at zero and are divided by 1 - (1 - momentum)^t when they are read, as in Adam."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("exp_avg", torch.zeros(num_features))
        self.register_buffer("exp_avg_var", torch.zeros(num_features))
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def _estimates(self):
        correction = 1 - (1 - self.momentum) ** int(self.step)
        if correction == 0:
            return self.exp_avg, torch.ones_like(self.exp_avg_var)
        return self.exp_avg / correction, self.exp_avg_var / correction

    def forward(self, x):
        if self.training:
            mean = x.mean((0, 2, 3))
            var = x.var((0, 2, 3), correction=0)
            with torch.no_grad():
                self.step += 1
                self.exp_avg.lerp_(mean, self.momentum)
                self.exp_avg_var.lerp_(var, self.momentum)
        else:
            mean, var = self._estimates()
        shape = (-1, 1, 1)
        y = (x - mean.view(shape)) / (var + self.eps).sqrt().view(shape)
        return y * self.gamma.view(shape) + self.beta.view(shape)
