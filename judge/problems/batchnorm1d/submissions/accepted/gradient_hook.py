# accepted: normalises without a graph and repairs the gradient in a tensor hook
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mu", torch.zeros(num_features))
        self.register_buffer("sigma2", torch.ones(num_features))

    @torch.no_grad()
    def statistics(self, x):
        if not self.training:
            return self.mu.clone(), self.sigma2.clone()
        mu, sigma2 = x.mean(0), x.var(0, correction=0)
        self.mu.lerp_(mu, self.momentum)
        self.sigma2.lerp_(sigma2, self.momentum)
        return mu, sigma2

    def forward(self, x):
        mu, sigma2 = self.statistics(x)
        z = (x - mu) * (sigma2 + self.eps).rsqrt()
        if self.training and z.requires_grad:
            fixed = z.detach()
            # mean and variance moved with x as well: project the gradient on what is left
            z.register_hook(lambda g: g - g.mean(0) - fixed * (g * fixed).mean(0))
        return z * self.weight + self.bias
