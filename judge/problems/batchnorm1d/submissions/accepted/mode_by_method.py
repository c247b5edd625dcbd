# accepted: overrides train() to choose a method
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.k = eps, momentum
        self.g = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))
        self.pick = "learn"

    def train(self, mode=True):
        self.pick = "learn" if mode else "use"
        return super().train(mode)

    def learn(self, x):
        m, v = x.mean(0), x.var(0, unbiased=False)
        self.m.sub_(self.k * (self.m - m.detach()))
        self.v.sub_(self.k * (self.v - v.detach()))
        return m, v

    def use(self, x):
        return self.m, self.v

    def forward(self, x):
        m, v = getattr(self, self.pick)(x)
        return torch.addcdiv(self.b, self.g * (x - m), torch.sqrt(v + self.eps))
