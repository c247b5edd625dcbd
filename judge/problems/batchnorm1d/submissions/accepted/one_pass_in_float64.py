# accepted: E[x^2] - E[x]^2, but summed in float64
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """One pass over the data; with 53 bits the subtraction has digits enough."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("moments", torch.stack((torch.zeros(num_features), torch.ones(num_features))))

    def forward(self, x):
        mean, var = self.moments
        if self.training:
            z = x.to(torch.float64)
            mean = z.sum(0) / len(z)
            var = (z.square().sum(0) / len(z) - mean.square()).clamp_min(0.0)
            batch = torch.stack((mean, var)).detach()
            self.moments = ((1 - self.momentum) * self.moments + self.momentum * batch).to(self.moments.dtype)
        y = (x - mean) / (var + self.eps).sqrt() * self.gamma + self.beta
        return y.type_as(x)
