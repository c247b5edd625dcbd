# expects: wrong_initial_affine
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        # "zero-init the last norm of a residual block"
        self.weight = nn.Parameter(torch.empty(num_features))
        self.bias = nn.Parameter(torch.empty(num_features))
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)
        self.register_buffer("running_mean", self.bias.detach().clone())
        self.register_buffer("running_var", self.bias.detach().clone() + 1)

    def forward(self, input):
        mean = self.running_mean
        var = self.running_var
        if self.training:
            mean = torch.mean(input, dim=0)
            var = torch.mean(torch.pow(input - mean, 2), dim=0)
            with torch.no_grad():
                self.running_mean.copy_(self.running_mean + self.momentum * (mean - self.running_mean))
                self.running_var.copy_(self.running_var + self.momentum * (var - self.running_var))
        return torch.div(input - mean, torch.sqrt(var + self.eps)) * self.weight + self.bias
