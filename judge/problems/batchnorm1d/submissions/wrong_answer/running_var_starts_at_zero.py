# expects: running_var_starts_at_zero
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, torch.zeros(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = (x - mean).square().mean(0)
            for name, new in (("running_mean", mean), ("running_var", var)):
                old = getattr(self, name)
                setattr(self, name, old + self.momentum * (new.detach() - old))
        else:
            mean, var = self.running_mean, self.running_var
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
