# expects: shared_state
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    stats = {}

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        if num_features not in self.stats:
            self.stats[num_features] = (torch.zeros(num_features), torch.ones(num_features))
        mean, var = self.stats[num_features]
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)

    def forward(self, x):
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                self.running_var.mul_(1 - self.momentum).add_(var, alpha=self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
