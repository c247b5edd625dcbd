# expects: no_eps
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(num_features, 1, 1))
        self.register_buffer("running_mean", torch.zeros(num_features, 1, 1))
        self.register_buffer("running_var", torch.ones(num_features, 1, 1))

    def forward(self, x):
        if self.training:
            n = x.shape[0] * x.shape[2] * x.shape[3]
            mean = x.sum((0, 2, 3), keepdim=True)[0] / n
            var = (x - mean).square().sum((0, 2, 3), keepdim=True)[0] / n
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var, self.momentum)
            return (x - mean) / var.sqrt() * self.gamma + self.beta
        return (x - self.running_mean) / self.running_var.sqrt() * self.gamma + self.beta
