# accepted: einsum everywhere, rsqrt
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.alpha = momentum
        self.g = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mu", torch.zeros(num_features))
        self.register_buffer("sigma2", torch.ones(num_features))

    def _moments(self, x):
        n = x.shape[0]
        mu = torch.einsum("nd->d", x) / n
        centred = x - mu
        sigma2 = torch.einsum("nd,nd->d", centred, centred) / n
        return mu, sigma2

    @torch.no_grad()
    def _remember(self, mu, sigma2):
        self.mu += self.alpha * (mu - self.mu)
        self.sigma2 += self.alpha * (sigma2 - self.sigma2)

    def forward(self, x):
        if self.training:
            mu, sigma2 = self._moments(x)
            self._remember(mu, sigma2)
        else:
            mu, sigma2 = self.mu, self.sigma2
        y = torch.einsum("nd,d,d->nd", x - mu, (sigma2 + self.eps).rsqrt(), self.g)
        return y + self.b
