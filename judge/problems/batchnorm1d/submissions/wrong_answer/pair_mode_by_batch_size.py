# expects: eval_uses_batch, updates_in_eval
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """One sample means inference, more than one means training."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.a, self.b = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        if x.shape[0] == 1:
            mean, var = self.mean, self.var
        else:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.mean += self.momentum * (mean - self.mean)
                self.var += self.momentum * (var - self.var)
        return self.a * (x - mean) / torch.sqrt(var + self.eps) + self.b
