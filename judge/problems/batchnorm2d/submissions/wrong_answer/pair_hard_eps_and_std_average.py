# expects: eps_hard_coded, running_std
import torch
from torch import nn

EPS = 1e-5

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=EPS, momentum=0.1):
        super().__init__()
        self.momentum = momentum
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("avg_mean", torch.zeros(num_features))
        self.register_buffer("avg_std", torch.ones(num_features))

    def forward(self, x):
        n, c, h, w = x.shape
        x = x.permute(0, 2, 3, 1).reshape(n * h * w, c)
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.avg_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                self.avg_std.mul_(1 - self.momentum).add_(var.sqrt(), alpha=self.momentum)
        else:
            mean, var = self.avg_mean, self.avg_std.square()
        x = (x - mean) / torch.sqrt(var + EPS) * self.scale + self.shift
        return x.reshape(n, h, w, c).permute(0, 3, 1, 2)
