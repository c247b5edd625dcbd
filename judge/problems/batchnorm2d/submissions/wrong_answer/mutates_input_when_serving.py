# expects: mutates_input
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Saves memory in evaluation, where no backward needs the input any more."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        gamma, beta = self.gamma[:, None, None], self.beta[:, None, None]
        if not self.training:
            x.data.sub_(self.mean[:, None, None]).div_((self.var + self.eps).sqrt()[:, None, None])
            return x * gamma + beta
        mean = x.mean((0, 2, 3), keepdim=True)
        var = (x - mean).square().mean((0, 2, 3), keepdim=True)
        with torch.no_grad():
            self.mean.lerp_(mean.flatten(), self.momentum)
            self.var.lerp_(var.flatten(), self.momentum)
        return (x - mean) / (var + self.eps).sqrt() * gamma + beta
