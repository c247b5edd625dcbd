# expects: momentum_ignored
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("seen", torch.tensor(0))

    def forward(self, x):
        def up(v):
            return v[:, None, None]

        if self.training:
            mean = x.mean((0, 2, 3))
            var = (x - up(mean)).square().mean((0, 2, 3))
            with torch.no_grad():
                self.seen += 1
                self.running_mean += (mean - self.running_mean) / self.seen
                self.running_var += (var - self.running_var) / self.seen
        else:
            mean, var = self.running_mean, self.running_var
        return (x - up(mean)) / up(torch.sqrt(var + self.eps)) * up(self.gamma) + up(self.beta)
