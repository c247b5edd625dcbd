# expects: momentum_hard_coded
import torch
import torch.nn as nn


class Ema:
    def __init__(self, momentum=0.1):
        self.momentum = momentum

    def __call__(self, old, new):
        return old + self.momentum * (new - old)


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.ema = Ema()
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("moving_mean", torch.zeros(num_features))
        self.register_buffer("moving_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, 0, unbiased=False)
            with torch.no_grad():
                self.moving_mean.copy_(self.ema(self.moving_mean, mean))
                self.moving_var.copy_(self.ema(self.moving_var, var))
        else:
            mean, var = self.moving_mean, self.moving_var
        return self.weight * ((x - mean) / torch.sqrt(var + self.eps)) + self.bias
