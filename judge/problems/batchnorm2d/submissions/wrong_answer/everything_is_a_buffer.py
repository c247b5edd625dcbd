# expects: affine_as_buffers
import torch
import torch.nn as nn


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        for name, value in dict(gamma=1.0, beta=0.0, running_mean=0.0, running_var=1.0).items():
            self.register_buffer(name, torch.full((num_features,), value))

    def forward(self, x):
        stats = (self.running_mean, self.running_var)
        if self.training:
            stats = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
            with torch.no_grad():
                self.running_mean.lerp_(stats[0], self.momentum)
                self.running_var.lerp_(stats[1], self.momentum)
        mean, var, g, b = (t[:, None, None] for t in (*stats, self.gamma, self.beta))
        return (x - mean) / (var + self.eps).sqrt() * g + b
