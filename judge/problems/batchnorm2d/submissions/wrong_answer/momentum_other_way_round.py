# expects: momentum_reversed
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=(0, 2, 3), keepdim=True)
            var = x.var(dim=(0, 2, 3), keepdim=True, unbiased=False)
            with torch.no_grad():
                # 动量：保留大部分历史
                self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean.reshape(-1)
                self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var.reshape(-1)
        else:
            mean = self.running_mean.view(1, -1, 1, 1)
            var = self.running_var.view(1, -1, 1, 1)
        out = (x - mean) / torch.sqrt(var + self.eps)
        return out * self.gamma.view(1, -1, 1, 1) + self.beta.view(1, -1, 1, 1)
