# expects: keeps_graph
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w, self.b = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.register_buffer("avg", torch.zeros(num_features))
        self.register_buffer("dev", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            return self.w * (x - self.avg) * torch.rsqrt(self.dev + self.eps) + self.b
        dev, avg = torch.var_mean(x, 0, unbiased=False)
        self.avg.mul_(1 - self.momentum).add_(avg, alpha=self.momentum)
        self.dev.mul_(1 - self.momentum).add_(dev, alpha=self.momentum)
        return self.w * (x - avg) * torch.rsqrt(dev + self.eps) + self.b
