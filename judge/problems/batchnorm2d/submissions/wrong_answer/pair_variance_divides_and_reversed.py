# expects: divides_by_variance, momentum_reversed
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.decay = momentum
        self.gamma = nn.Parameter(torch.ones(num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.register_buffer('ema_mean', torch.zeros(num_features, 1, 1))
        self.register_buffer('ema_var', torch.ones(num_features, 1, 1))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=(0, 2, 3), keepdim=True)[0]
            var = x.var(dim=(0, 2, 3), keepdim=True, unbiased=False)[0]
            self.ema_mean.mul_(self.decay).add_(mean.detach(), alpha=1 - self.decay)
            self.ema_var.mul_(self.decay).add_(var.detach(), alpha=1 - self.decay)
        else:
            mean, var = self.ema_mean, self.ema_var
        return (x - mean) / (var + self.eps) * self.gamma + self.beta
