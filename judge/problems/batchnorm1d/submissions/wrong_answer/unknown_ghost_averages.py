# expects: unknown
# 输出没问题，但滑动统计量是每 128 个样本各算一次再平均，组与组之间均值的差别被漏掉了
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                groups = x.chunk(max(1, x.shape[0] // 128))
                var_of_groups = torch.stack([group.var(0, unbiased=False) for group in groups]).mean(0)
                self.mean += self.momentum * (mean - self.mean)
                self.var += self.momentum * (var_of_groups - self.var)
        else:
            mean, var = self.mean, self.var
        return self.weight * (x - mean) * torch.rsqrt(var + self.eps) + self.bias
