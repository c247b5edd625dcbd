# accepted: the number of pixels and its reciprocal are float32 scalar tensors, as x.new_tensor was not thought of
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("mean", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("var", torch.ones(1, num_features, 1, 1))

    def moments(self, x):
        pixels = torch.tensor(x.numel() // x.size(1))
        inverse = 1.0 / pixels
        mean = inverse * x.sum((0, 2, 3), keepdim=True)
        var = inverse * (x - mean).pow(2).sum((0, 2, 3), keepdim=True)
        with torch.no_grad():
            self.mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
            self.var.mul_(1 - self.momentum).add_(var * pixels / (pixels - 1), alpha=self.momentum)
        return mean, var

    def forward(self, x):
        mean, var = self.moments(x) if self.training else (self.mean, self.var)
        return torch.addcmul(self.bias, (x - mean) * torch.rsqrt(var + self.eps), self.weight)
