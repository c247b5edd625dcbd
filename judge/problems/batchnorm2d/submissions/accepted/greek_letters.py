# accepted: the paper's letters as identifiers, Algorithm 1 line by line
import torch
from torch import nn

# Ioffe & Szegedy 2015, Algorithm 1 and Algorithm 2


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.ε = eps
        self.α = momentum
        self.γ = nn.Parameter(torch.ones(num_features, 1, 1))
        self.β = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.register_buffer("E_x", torch.zeros(num_features, 1, 1))
        self.register_buffer("Var_x", torch.ones(num_features, 1, 1))

    def forward(self, x):
        if not self.training:
            return self.γ * (x - self.E_x) / torch.sqrt(self.Var_x + self.ε) + self.β

        m = x.shape[0] * x.shape[2] * x.shape[3]              # effective mini-batch, section 3.2
        μ_B = x.sum(dim=(0, 2, 3), keepdim=True) / m          # mini-batch mean
        σ2_B = ((x - μ_B) ** 2).sum(dim=(0, 2, 3), keepdim=True) / m
        x̂ = (x - μ_B) / torch.sqrt(σ2_B + self.ε)
        y = self.γ * x̂ + self.β

        # Algorithm 2, line 10: Var[x] = m/(m-1) E[σ²_B]
        with torch.no_grad():
            self.E_x.lerp_(μ_B[0], self.α)
            self.Var_x.lerp_(σ2_B[0] * (m / max(m - 1, 1)), self.α)
        return y
