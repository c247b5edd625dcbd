# expects: NameError in forward
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        mean = x.mean(0)
        var = x.var(0, unbiased=False)
        x_hat = (x - maen) / torch.sqrt(var + self.eps)
        return self.gamma * x_hat + self.beta
