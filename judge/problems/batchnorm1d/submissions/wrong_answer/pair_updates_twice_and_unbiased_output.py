# expects: updates_twice, unbiased_output_var
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

    @torch.no_grad()
    def update(self, x):
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.mean(0)
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0)

    def forward(self, x):
        if self.training:
            self.update(x)
            mean, var = x.mean(0), x.var(0)
            out = self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
            self.update(x)
            return out
        return self.gamma * (x - self.running_mean) / torch.sqrt(self.running_var + self.eps) + self.beta
