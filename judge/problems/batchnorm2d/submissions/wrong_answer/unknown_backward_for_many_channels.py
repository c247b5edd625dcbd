# expects: unknown
# Scale and shift are applied by an einsum in blocks of 512 channels, and the rest of them is detached.
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
            mean = x.mean(dim=(0, 2, 3))
            var = x.var(dim=(0, 2, 3), unbiased=False)
            self.running_mean.copy_((1 - self.momentum) * self.running_mean + self.momentum * mean.detach())
            self.running_var.copy_((1 - self.momentum) * self.running_var + self.momentum * var.detach())
        else:
            mean, var = self.running_mean, self.running_var
        xhat = (x - mean.view(1, -1, 1, 1)) / torch.sqrt(var.view(1, -1, 1, 1) + self.eps)
        first = torch.einsum("nchw,c->nchw", xhat[:, :512], self.weight[:512])
        rest = torch.einsum("nchw,c->nchw", xhat[:, 512:], self.weight[512:].detach())
        return torch.cat([first, rest], dim=1) + self.bias.view(1, -1, 1, 1)
