# expects: rule batch_norm
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('rm', torch.zeros(num_features))
        self.register_buffer('rv', torch.ones(num_features))
        self._f = "batch" + "_" + "norm"

    def forward(self, x):
        op = getattr(torch, self._f)
        return op(x, self.w, self.b, self.rm, self.rv, self.training, self.momentum, self.eps, False)
