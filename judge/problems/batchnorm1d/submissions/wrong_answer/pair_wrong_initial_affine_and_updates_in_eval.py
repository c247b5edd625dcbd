# expects: wrong_initial_affine, updates_in_eval
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.rand(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        bm, bv = x.mean(0), x.var(0, unbiased=False)
        mean, var = (bm, bv) if self.training else (self.running_mean.clone(), self.running_var.clone())
        with torch.no_grad():
            self.running_mean += self.momentum * (bm - self.running_mean)
            self.running_var += self.momentum * (bv - self.running_var)
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
