# expects: updates_only_with_grad
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, dim=(0, 2, 3), unbiased=False)
            # a forward pass under no_grad is not a training step
            if torch.is_grad_enabled():
                n = x.numel() / x.size(1)
                self.running_mean.data.lerp_(mean.data, self.momentum)
                self.running_var.data.lerp_(var.data * n / max(n - 1, 1), self.momentum)
        else:
            var, mean = self.running_var, self.running_mean
        y = (x - mean.view(1, -1, 1, 1)) / (var.view(1, -1, 1, 1) + self.eps) ** 0.5
        return y * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
