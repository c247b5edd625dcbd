# expects: momentum_reversed
import torch
from torch import nn

AX = (0, 2, 3)

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        one, nil = torch.ones(1, num_features, 1, 1), torch.zeros(1, num_features, 1, 1)
        self.weight, self.bias = nn.Parameter(one.clone()), nn.Parameter(nil.clone())
        self.register_buffer("mean", nil.clone())
        self.register_buffer("var", one.clone())
        self.eps, self.momentum = eps, momentum

    def forward(self, x):
        if not self.training:
            return (x - self.mean) * (self.var + self.eps).rsqrt() * self.weight + self.bias
        mu = x.mean(AX, keepdim=True)
        xc = x - mu
        s2 = xc.pow(2).mean(AX, keepdim=True)
        with torch.no_grad():
            m = x.numel() / x.shape[1]
            self.mean.copy_(torch.lerp(mu, self.mean, self.momentum))
            self.var.copy_(torch.lerp(s2 * m / max(m - 1, 1), self.var, self.momentum))
        return xc * (s2 + self.eps).rsqrt() * self.weight + self.bias
