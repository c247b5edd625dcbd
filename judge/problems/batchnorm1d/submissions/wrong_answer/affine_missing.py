# expects: affine_missing
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """A whitening of single features; the next linear layer can rescale if it wants to."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.register_buffer("stats", torch.tensor([[0.0], [1.0]]).repeat(1, num_features))

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, dim=0, correction=0)
            self.stats.lerp_(torch.stack((mean, var)).detach(), self.momentum)
        else:
            mean, var = self.stats
        return (x - mean).div((var + self.eps).sqrt())
