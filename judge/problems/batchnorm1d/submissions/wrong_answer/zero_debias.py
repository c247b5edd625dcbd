# expects: zero_debias
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """Running averages with Adam's bias correction."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.zeros(num_features))
        self.register_buffer("t", torch.tensor(0))

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = x.var(0, unbiased=False)
            with torch.no_grad():
                self.t += 1
                self.m.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                self.v.mul_(1 - self.momentum).add_(var, alpha=self.momentum)
        else:
            t = int(self.t)
            correction = 1 - (1 - self.momentum) ** t
            if correction == 0:
                mean, var = torch.zeros_like(self.m), torch.ones_like(self.v)
            else:
                mean, var = self.m / correction, self.v / correction
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
