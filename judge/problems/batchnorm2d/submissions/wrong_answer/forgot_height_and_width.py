# expects: batch_axis_only
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer('running_mean', torch.zeros(1, num_features, 1, 1))
        self.register_buffer('running_var', torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if self.training:
            # 和 1d 一样在 batch 维度上求
            mean = x.mean(dim=0, keepdim=True)
            var = x.var(dim=0, keepdim=True, unbiased=False)
            with torch.no_grad():
                self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean.mean((2, 3), keepdim=True)
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var.mean((2, 3), keepdim=True)
        else:
            mean = self.running_mean
            var = self.running_var
        x = (x - mean) / torch.sqrt(var + self.eps)
        return self.gamma * x + self.beta
