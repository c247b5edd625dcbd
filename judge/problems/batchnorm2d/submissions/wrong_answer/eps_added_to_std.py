# expects: eps_outside_sqrt
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones((1, num_features, 1, 1)))
        self.beta = nn.Parameter(torch.zeros((1, num_features, 1, 1)))
        self.register_buffer('running_mean', torch.zeros((1, num_features, 1, 1)))
        self.register_buffer('running_var', torch.ones((1, num_features, 1, 1)))

    def forward(self, x):
        if self.training:
            mu = x.mean((0, 2, 3), keepdim=True)
            var = ((x - mu) ** 2).mean((0, 2, 3), keepdim=True)
            self.running_mean = ((1 - self.momentum) * self.running_mean + self.momentum * mu).detach()
            self.running_var = ((1 - self.momentum) * self.running_var + self.momentum * var).detach()
        else:
            mu, var = self.running_mean, self.running_var
        # 防止除以 0：标准差加上 eps
        return self.gamma * ((x - mu) / (torch.sqrt(var) + self.eps)) + self.beta
