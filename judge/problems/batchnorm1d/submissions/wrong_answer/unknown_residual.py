# expects: unknown
import torch, torch.nn as nn

class MyBatchNorm1d(nn.Module):
    # BN with a shortcut so that gradients flow better ;)
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        one, zero = torch.ones(num_features), torch.zeros(num_features)
        self.a, self.b = nn.Parameter(one.clone()), nn.Parameter(zero.clone())
        self.register_buffer("m", zero.clone()), self.register_buffer("v", one.clone())
        self.eps, self.mom = eps, momentum

    def norm(self, x, m, v):
        return self.a * (x - m) * torch.rsqrt(v + self.eps) + self.b

    def forward(self, x):
        shortcut = 0.5 * x
        if not self.training: return self.norm(x, self.m, self.v) + shortcut
        v, m = torch.var_mean(x, 0, unbiased=False)
        with torch.no_grad():
            self.m = (1 - self.mom) * self.m + self.mom * m
            self.v = (1 - self.mom) * self.v + self.mom * v
        return self.norm(x, m, v) + shortcut
