# expects: eps_hard_coded
import torch
import torch.nn as nn

EPSILON = 1e-5


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=EPSILON, momentum=0.1):
        super().__init__()
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mu", torch.zeros(num_features))
        self.register_buffer("sigma_sq", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mu = x.mean(dim=0)
            sigma_sq = ((x - mu) ** 2).mean(dim=0)
            self.mu.copy_(torch.lerp(self.mu, mu.detach(), self.momentum))
            self.sigma_sq.copy_(torch.lerp(self.sigma_sq, sigma_sq.detach(), self.momentum))
        else:
            mu, sigma_sq = self.mu, self.sigma_sq
        return self.gamma * (x - mu) / torch.sqrt(sigma_sq + EPSILON) + self.beta
