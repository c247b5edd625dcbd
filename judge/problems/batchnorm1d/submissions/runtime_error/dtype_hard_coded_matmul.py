# expects: dtype_hard_coded
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """Means by matrix product with a row of ones."""

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
            ones = torch.ones(1, x.size(0), dtype=torch.float32)
            mean = (ones @ x / x.size(0)).squeeze(0)
            var = (ones @ (x - mean) ** 2 / x.size(0)).squeeze(0)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var, self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
