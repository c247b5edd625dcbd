# expects: constant_channel_nan_gradient
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            std = torch.sqrt(((x - mean) ** 2).mean(0))
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(std ** 2, self.momentum)
        else:
            mean, std = self.running_mean, torch.sqrt(self.running_var)
        # eps belongs to the variance
        return self.gamma * (x - mean) / torch.sqrt(std ** 2 + self.eps) + self.beta
