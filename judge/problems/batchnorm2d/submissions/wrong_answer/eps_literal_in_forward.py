# expects: eps_hard_coded
import torch
import torch.nn as nn
import torch.nn.functional as F


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features = num_features
        self.momentum = momentum
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("moving_mean", torch.zeros(num_features))
        self.register_buffer("moving_var", torch.ones(num_features))

    def forward(self, x):
        N, C, H, W = x.shape
        flat = x.permute(1, 0, 2, 3).reshape(C, -1)
        if self.training:
            mean = flat.mean(dim=1)
            var = (flat - mean[:, None]).pow(2).mean(dim=1)
            self.moving_mean = (1 - self.momentum) * self.moving_mean + self.momentum * mean.detach()
            self.moving_var = (1 - self.momentum) * self.moving_var + self.momentum * var.detach()
        else:
            mean, var = self.moving_mean, self.moving_var
        flat = (flat - mean[:, None]) / torch.sqrt(var[:, None] + 1e-5)
        flat = flat * self.scale[:, None] + self.shift[:, None]
        return flat.reshape(C, N, H, W).permute(1, 0, 2, 3)
