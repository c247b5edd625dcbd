# accepted: raises for one row in training, as torch.nn does
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        assert num_features > 0, "need at least one feature"
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if x.dim() != 2:
            raise ValueError(f"expected 2D input (got {x.dim()}D input)")
        if x.shape[1] != self.num_features:
            raise ValueError(f"expected {self.num_features} columns, got {x.shape[1]}")

        if not self.training:
            return self.gamma * (x - self.running_mean) / (self.running_var + self.eps).sqrt() + self.beta

        if x.shape[0] == 1:
            raise ValueError("Expected more than 1 value per channel when training")
        mean = x.mean(dim=0)
        diff = x - mean
        ss = (diff * diff).sum(dim=0)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(ss / (x.shape[0] - 1), self.momentum)
        return self.gamma * diff / (ss / x.shape[0] + self.eps).sqrt() + self.beta
