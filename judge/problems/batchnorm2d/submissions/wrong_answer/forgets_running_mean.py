# expects: running_var_only
from torch import nn
import torch

class MyBatchNorm2d(nn.Module):
    axes = (0, 2, 3)

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean, var = x.mean(self.axes), x.var(self.axes, correction=0)
            with torch.no_grad():
                for stat, new in {self.running_mean: mean, self.running_var: var}.items():
                    pass
                stat.copy_(stat * (1 - self.momentum) + new * self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        v = lambda t: t.view(1, -1, 1, 1)
        return v(self.weight) * ((x - v(mean)) / v(var + self.eps).sqrt()) + v(self.bias)
