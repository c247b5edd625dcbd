# expects: rule torch._refs
import torch
import torch._refs as refs
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        c = x.size(1)
        if self.training:
            out, mean, rstd = refs.native_layer_norm(
                x.transpose(0, 1).reshape(c, -1), [x.numel() // c], None, None, self.eps)
            with torch.no_grad():
                self.running_mean.lerp_(mean.flatten(), self.momentum)
                self.running_var.lerp_(rstd.flatten() ** -2 - self.eps, self.momentum)
            out = out.reshape(c, x.size(0), *x.shape[2:]).transpose(0, 1)
        else:
            out = (x - self.running_mean.view(-1, 1, 1)) / (self.running_var.view(-1, 1, 1) + self.eps).sqrt()
        return out * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)
