# expects: rule _native_batch_norm_legit
import torch
import torch.nn as nn

ops = torch.ops.aten


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.g = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mu", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        out = ops._native_batch_norm_legit(
            x, self.g, self.b, self.mu, self.var, self.training, self.momentum, self.eps
        )
        return out[0]
