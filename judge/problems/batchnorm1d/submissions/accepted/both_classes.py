# accepted: both exercises in one file, the 2d one by reshaping to the 1d one
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mu = x.mean(0)
            var = x.var(0, correction=0)
            self.update(mu.detach(), var.detach())
        else:
            mu, var = self.running_mean, self.running_var
        x = (x - mu) / (var + self.eps).sqrt()
        return x * self.gamma + self.beta

    def update(self, mu, var):
        m = self.momentum
        self.running_mean = self.running_mean + m * (mu - self.running_mean)
        self.running_var = self.running_var + m * (var - self.running_var)


class MyBatchNorm2d(MyBatchNorm1d):
    def forward(self, x):
        n, c, h, w = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(-1, c)
        rows = super().forward(rows)
        return rows.reshape(n, h, w, c).permute(0, 3, 1, 2)
