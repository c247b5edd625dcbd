# expects: stops_gradient_var, bessel_wrong_count
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        batch = x.shape[0]
        if self.training:
            mean = x.mean((0, 2, 3))
            with torch.no_grad():
                var = x.var((0, 2, 3), unbiased=False)
                factor = batch / (batch - 1) if batch > 1 else 1.0
                self.running_mean.mul_(1 - self.momentum).add_(self.momentum * mean)
                self.running_var.mul_(1 - self.momentum).add_(self.momentum * factor * var)
        else:
            mean, var = self.running_mean, self.running_var
        x = (x - mean.view(1, -1, 1, 1)) * var.add(self.eps).rsqrt().view(1, -1, 1, 1)
        return x * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
