# accepted: one pass over the differences from the first pixel of each channel, which loses no digits where E[x²] - E[x]² does
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
            pivot = x[:1, :, :1, :1].detach()
            shifted = x - pivot
            shifted_mean = shifted.mean(dim=(0, 2, 3), keepdim=True)
            mean = shifted_mean + pivot
            var = (shifted * shifted).mean(dim=(0, 2, 3), keepdim=True) - shifted_mean * shifted_mean
            with torch.no_grad():
                self.running_mean += self.momentum * (mean.flatten() - self.running_mean)
                self.running_var += self.momentum * (var.flatten() - self.running_var)
        else:
            mean = self.running_mean.view(1, -1, 1, 1)
            var = self.running_var.view(1, -1, 1, 1)
        scale = torch.rsqrt(var + self.eps) * self.weight.view(1, -1, 1, 1)
        return (x - mean) * scale + self.bias.view(1, -1, 1, 1)
