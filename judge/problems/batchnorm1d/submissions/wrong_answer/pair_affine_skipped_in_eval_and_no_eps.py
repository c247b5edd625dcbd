# expects: affine_skipped_in_eval, no_eps
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.momentum = momentum
        self.w = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("rm", torch.zeros(num_features))
        self.register_buffer("rv", torch.ones(num_features))

    def train_step(self, x):
        rv, rm = torch.var_mean(x, 0, correction=0)
        self.rm.lerp_(rm.detach(), self.momentum)
        self.rv.lerp_(rv.detach(), self.momentum)
        return (x - rm) / rv.sqrt() * self.w + self.b

    def infer(self, x):
        return (x - self.rm) / self.rv.sqrt()

    def forward(self, x):
        return self.train_step(x) if self.training else self.infer(x)
