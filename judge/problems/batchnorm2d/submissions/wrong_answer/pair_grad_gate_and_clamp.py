# expects: updates_only_with_grad, eps_clamp
import torch
import torch.nn as nn
import torch.nn.functional as F


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            rows = x.transpose(0, 1).flatten(start_dim=1)
            mean, var = rows.mean(dim=1), rows.var(dim=1, unbiased=False)
            if torch.is_grad_enabled():
                with torch.no_grad():
                    self.running_mean += self.momentum * (mean - self.running_mean)
                    self.running_var += self.momentum * (var - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        std = torch.maximum(var, torch.full_like(var, self.eps)).sqrt()
        x = (x - mean.view(1, -1, 1, 1)) / std.view(1, -1, 1, 1)
        return x * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
