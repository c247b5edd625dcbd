# expects: own_training_flag
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Its mode is set by its own train() and eval(); a parent's eval() only ever calls train(False)."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.use_batch = True
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def eval(self):
        super().eval()
        self.use_batch = False
        return self

    def train(self, mode=True):
        super().train(mode)
        if mode:
            self.use_batch = True
        return self

    def forward(self, x):
        if self.use_batch:
            flat = x.transpose(0, 1).flatten(1)
            var, mean = torch.var_mean(flat, 1, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        x = (x - mean[:, None, None]) * torch.rsqrt(var + self.eps)[:, None, None]
        return x * self.gamma[:, None, None] + self.beta[:, None, None]
