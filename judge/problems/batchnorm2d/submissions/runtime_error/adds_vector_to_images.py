# expects: RuntimeError in forward
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        n, c, h, w = x.shape
        # [N, C, H, W] -> [C, N*H*W], but then treats the rows as columns
        rows = x.permute(1, 0, 2, 3).reshape(c, -1)
        mean = rows.mean(0)
        var = rows.var(0, unbiased=False)
        self.running_mean = torch.stack([self.running_mean, mean]).mean(0)
        out = (rows - mean) / torch.sqrt(var + self.eps)
        return out.reshape(c, n, h, w).permute(1, 0, 2, 3) @ self.gamma.reshape(c, n) + self.beta
