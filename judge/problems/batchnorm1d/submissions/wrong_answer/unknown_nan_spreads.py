# expects: unknown
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """Scaling as a product with a diagonal matrix: 0 * NaN is NaN, and NaN reaches every channel of its row."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var, self.momentum)
        whitening = torch.diag(self.gamma / (var + self.eps).sqrt())
        return torch.addmm(self.beta, x - mean, whitening)
