# accepted: flatten, movedim and unflatten; a module of its own for each exponential average
import torch
from torch import nn


class Ema(nn.Module):
    """Exponential moving average of a vector; it is a module so that its value is saved."""

    def __init__(self, start, rate):
        super().__init__()
        self.rate = rate
        self.register_buffer("value", start)

    @torch.no_grad()
    def update(self, new):
        self.value.mul_(1 - self.rate)
        self.value.add_(self.rate * new)


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.mean = Ema(torch.zeros(num_features), momentum)
        self.var = Ema(torch.ones(num_features), momentum)
        self.affine = nn.ParameterDict({
            "scale": nn.Parameter(torch.ones(num_features)),
            "shift": nn.Parameter(torch.zeros(num_features)),
        })

    def forward(self, x):
        n, _, h, w = x.shape
        # [N, C, H, W] -> [C, N, H, W] -> [C, N*H*W]; trailing axis is what we average
        rows = x.movedim(1, 0).flatten(1)
        if self.training:
            mu = rows.mean(-1)
            var = rows.var(-1, correction=0)
            self.mean.update(mu)
            self.var.update(var)
        else:
            mu, var = self.mean.value, self.var.value
        a = self.affine["scale"] / torch.sqrt(var + self.eps)
        rows = (rows - mu.unsqueeze(-1)) * a.unsqueeze(-1) + self.affine["shift"].unsqueeze(-1)
        return rows.unflatten(1, (n, h, w)).movedim(0, 1)
