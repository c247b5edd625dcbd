# expects: dtype_hard_coded
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("avg", torch.zeros(2, num_features))
        self.avg[1] = 1.0

    def forward(self, x):
        if self.training:
            mean = x.mean((0, 2, 3))
            var = x.var((0, 2, 3), unbiased=False)
            batch = torch.stack([mean, var]).detach().to(torch.float32)     # statistics need no more digits
            self.avg = self.avg.to(torch.float32) * (1 - self.momentum) + batch * self.momentum
        else:
            mean, var = self.avg.to(x.dtype)
        x = (x - mean.view(1, -1, 1, 1)) / (var.view(1, -1, 1, 1) + self.eps).sqrt()
        return self.weight * x + self.bias
