# accepted: computes in float64 and casts back
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
        dtype = x.dtype
        x = x.double()  # the sums are where precision is lost
        if self.training:
            mean = x.mean(dim=0)
            var = x.var(dim=0, correction=0)
            with torch.no_grad():
                for buffer, value in ((self.running_mean, mean), (self.running_var, var)):
                    buffer.copy_(buffer.double() * (1 - self.momentum) + value * self.momentum)
        else:
            mean = self.running_mean.double()
            var = self.running_var.double()
        y = (x - mean) / (var + self.eps).sqrt() * self.gamma.double() + self.beta.double()
        return y.to(dtype)
