# expects: rejects_single_image
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.a = nn.Parameter(torch.ones(num_features))
        self.c = nn.Parameter(torch.zeros(num_features))
        for name, start in [("m", 0.0), ("v", 1.0)]:
            self.register_buffer(name, torch.full([num_features], start))

    def forward(self, x):
        b = [1, -1, 1, 1]
        # no variance can be computed from a single sample
        if self.training and x.shape[0] > 1:
            m = torch.einsum("nchw->c", x) * x.shape[1] / x.numel()
            v = torch.einsum("nchw->c", (x - m.reshape(b)) ** 2) * x.shape[1] / x.numel()
            with torch.no_grad():
                self.m.mul_(1 - self.momentum).add_(m * self.momentum)
                self.v.mul_(1 - self.momentum).add_(v * self.momentum)
        else:
            m, v = self.m, self.v
        return (x - m.reshape(b)) / (v.reshape(b) + self.eps).sqrt() * self.a.reshape(b) + self.c.reshape(b)
