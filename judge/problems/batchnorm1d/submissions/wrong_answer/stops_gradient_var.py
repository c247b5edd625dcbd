# expects: stops_gradient_var
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
    def inverse_std(self, centred):
        """Also keeps the running variance."""
        if self.training:
            sigma2 = centred.pow(2).mean(0)
            self.sigma2 += self.momentum * (sigma2 - self.sigma2)
        else:
            sigma2 = self.sigma2
        return (sigma2 + self.eps).rsqrt()

    def centre(self, x):
        if not self.training:
            return x - self.mu
        mu = x.mean(0)
        self.mu += self.momentum * (mu.detach() - self.mu)
        return x - mu

    def forward(self, x):
        centred = self.centre(x)
        return centred * self.inverse_std(centred) * self.weight + self.bias
