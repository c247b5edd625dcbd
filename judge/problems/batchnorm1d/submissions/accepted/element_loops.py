# accepted: loops over every single number, .item() for the running statistics
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.d = num_features
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        n = x.shape[0]
        out = torch.zeros_like(x)
        for j in range(self.d):
            if self.training:
                m = 0
                for i in range(n):
                    m = m + x[i, j]
                m = m / n
                v = 0
                for i in range(n):
                    v = v + (x[i, j] - m) ** 2
                v = v / n
                self.running_mean[j] = (1 - self.momentum) * self.running_mean[j] + self.momentum * m.item()
                self.running_var[j] = (1 - self.momentum) * self.running_var[j] + self.momentum * v.item()
            else:
                m, v = self.running_mean[j], self.running_var[j]
            for i in range(n):
                out[i, j] = self.gamma[j] * (x[i, j] - m) / torch.sqrt(v + self.eps) + self.beta[j]
        return out
