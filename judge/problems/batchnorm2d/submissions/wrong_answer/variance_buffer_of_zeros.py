# expects: running_var_starts_at_zero
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        # 初始统计量
        for name in ('running_mean', 'running_var'):
            self.register_buffer(name, torch.zeros(num_features))
        self.eps = eps
        self.momentum = momentum

    def forward(self, x):
        b, c, h, w = x.size()
        if self.training:
            mean = x.mean(dim=[0, 2, 3])
            var = ((x - mean.view(1, c, 1, 1)) ** 2).mean(dim=[0, 2, 3])
            self.running_mean = self.running_mean * (1. - self.momentum) + mean.detach() * self.momentum
            self.running_var = self.running_var * (1. - self.momentum) + var.detach() * self.momentum
        else:
            mean, var = self.running_mean, self.running_var
        out = (x - mean.view(1, c, 1, 1)) / torch.sqrt(var.view(1, c, 1, 1) + self.eps)
        return self.gamma.view(1, c, 1, 1) * out + self.beta.view(1, c, 1, 1)
