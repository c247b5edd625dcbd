# expects: rule torch._refs
import torch
import torch._refs as tools
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
            with torch.no_grad():
                self.running_mean.lerp_(x.mean(0), self.momentum)
                self.running_var.lerp_(x.var(0, unbiased=False), self.momentum)
            z = tools.native_layer_norm(x.T.contiguous(), [len(x)], None, None, self.eps)[0].T
        else:
            z = (x - self.running_mean) / torch.sqrt(self.running_var + self.eps)
        return z * self.gamma + self.beta
