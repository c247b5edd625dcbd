# expects: AttributeError in forward
import torch
from torch import nn, Tensor


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("runing_mean", torch.zeros(num_features))
        self.register_buffer("runing_var", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        mean, var = self.running_mean, self.running_var
        if self.training:
            var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
            self.running_mean.lerp_(mean.detach(), self.momentum)
            self.running_var.lerp_(var.detach(), self.momentum)
        scale = (self.weight * torch.rsqrt(var + self.eps)).reshape(-1, 1, 1)
        return (x - mean.reshape(-1, 1, 1)) * scale + self.bias.reshape(-1, 1, 1)
