# expects: wrong_initial_affine
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        # 参数随机初始化
        self.gamma = nn.Parameter(torch.randn(1, num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer('run_mean', torch.zeros(1, num_features, 1, 1))
        self.register_buffer('run_var', torch.ones(1, num_features, 1, 1))
        self.eps, self.momentum = eps, momentum

    def forward(self, x):
        if not self.training:
            return self.gamma * (x - self.run_mean) / torch.sqrt(self.run_var + self.eps) + self.beta
        mean = torch.mean(x, (0, 2, 3), keepdim=True)
        var = torch.var(x, (0, 2, 3), unbiased=False, keepdim=True)
        self.run_mean.data = self.run_mean.data * (1 - self.momentum) + mean.data * self.momentum
        self.run_var.data = self.run_var.data * (1 - self.momentum) + var.data * self.momentum
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
