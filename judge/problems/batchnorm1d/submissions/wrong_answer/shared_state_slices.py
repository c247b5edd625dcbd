# expects: shared_state
import torch
from torch import nn

ZEROS, ONES = torch.zeros(256), torch.ones(256)


class MyBatchNorm1d(nn.Module):
    """Cuts its buffers out of two constants – and a slice is a view."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", ZEROS[:num_features])
        self.register_buffer("var", ONES[:num_features])

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.mean.mul_(1 - self.momentum).add_(self.momentum * mean)
                self.var.mul_(1 - self.momentum).add_(self.momentum * var)
        return self.gamma * ((x - mean) / (var + self.eps) ** 0.5) + self.beta
