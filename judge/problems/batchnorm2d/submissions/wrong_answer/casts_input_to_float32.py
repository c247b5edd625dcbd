# expects: dtype_hard_coded
import torch
from torch import nn

FLOAT = torch.float32


class MyBatchNorm2d(nn.Module):
    """混合精度训练时 BN 必须用 float32 计算。"""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features, dtype=FLOAT))
        self.beta = nn.Parameter(torch.zeros(num_features, dtype=FLOAT))
        self.register_buffer("mu", torch.zeros(num_features, dtype=FLOAT))
        self.register_buffer("sigma2", torch.ones(num_features, dtype=FLOAT))

    def forward(self, x):
        x = x.to(FLOAT)
        if self.training:
            sigma2, mu = torch.var_mean(x, [0, 2, 3], correction=0)
            for buffer, value in ((self.mu, mu), (self.sigma2, sigma2)):
                buffer.mul_(1 - self.momentum).add_(value.detach(), alpha=self.momentum)
        else:
            mu, sigma2 = self.mu.to(FLOAT), self.sigma2.to(FLOAT)
        mu, sigma2, gamma, beta = (t.to(FLOAT)[:, None, None] for t in (mu, sigma2, self.gamma, self.beta))
        return gamma * (x - mu) * torch.rsqrt(sigma2 + self.eps) + beta
