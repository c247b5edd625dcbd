# expects: never_updated
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.m = eps, momentum
        self.w = nn.Parameter(torch.ones(num_features, 1, 1))
        self.c = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.register_buffer("mu", torch.zeros(num_features, 1, 1))
        self.register_buffer("var", torch.ones(num_features, 1, 1))

    def forward(self, x):
        mu, var = self.mu, self.var
        if self.training:
            var, mu = (s.squeeze(0) for s in torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True))
            self.mu.lerp(mu.detach(), self.m)
            self.var.lerp(var.detach(), self.m)
        return self.w * (x - mu) / (var + self.eps).sqrt() + self.c
