# expects: never_updated, eps_outside_sqrt
import torch
import torch.nn as nn

class MyBatchNorm1d(nn.Module):
    # 初学者版本
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            m = x.mean(dim=0)
            v = x.var(dim=0, unbiased=False)
            (1 - self.momentum) * self.running_mean + self.momentum * m   # 更新
            (1 - self.momentum) * self.running_var + self.momentum * v
        else:
            m = self.running_mean
            v = self.running_var
        return self.gamma * ((x - m) / (torch.sqrt(v) + self.eps)) + self.beta
