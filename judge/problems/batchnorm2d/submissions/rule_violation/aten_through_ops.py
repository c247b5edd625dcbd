# expects: rule native_batch_norm
import torch

aten = torch.ops.aten

class MyBatchNorm2d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.g = torch.nn.Parameter(torch.ones(num_features))
        self.b = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            return aten._native_batch_norm_legit(x, self.g, self.b, self.m, self.v, True, self.momentum, self.eps)[0]
        # eval by hand, it is only an affine map
        k = self.g / (self.v + self.eps).sqrt()
        return (x - self.m[:, None, None]) * k[:, None, None] + self.b[:, None, None]
