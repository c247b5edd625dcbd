# accepted: the mean as a global average pool and then an average over the images
import torch
import torch.nn as nn
import torch.nn.functional as F


class MyBatchNorm2d(nn.Module):
    """E over (N, H, W) is the batch average of what a global average pool gives."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    @staticmethod
    def _expectation(x):
        return F.adaptive_avg_pool2d(x, 1).mean(dim=0, keepdim=True)

    def forward(self, x):
        if self.training:
            mean = self._expectation(x)
            var = self._expectation((x - mean).square())
            self._update(mean.detach().flatten(), var.detach().flatten())
        else:
            mean = self.running_mean.reshape(1, -1, 1, 1)
            var = self.running_var.reshape(1, -1, 1, 1)
        x = torch.mul(x - mean, torch.rsqrt(var + self.eps))
        return x.mul(self.weight.reshape(1, -1, 1, 1)).add(self.bias.reshape(1, -1, 1, 1))

    def _update(self, mean, var):
        self.running_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
        self.running_var.mul_(1 - self.momentum).add_(var, alpha=self.momentum)
