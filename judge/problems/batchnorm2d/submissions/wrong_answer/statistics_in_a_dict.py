# expects: stats_not_buffers
import torch
from torch import nn, Tensor


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.running: dict[str, Tensor] = {
            "mean": torch.zeros(num_features, 1, 1),
            "var": torch.ones(num_features, 1, 1),
        }

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
            now = {"mean": mean[:, None, None], "var": var[:, None, None]}
            with torch.no_grad():
                for key, value in now.items():
                    self.running[key] = self.running[key].to(x) * (1 - self.momentum) + value * self.momentum
        else:
            now = {key: value.to(x) for key, value in self.running.items()}
        return (x - now["mean"]) * torch.rsqrt(now["var"] + self.eps) * self.weight + self.bias
