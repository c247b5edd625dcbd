# expects: no_eps, eval_uses_batch
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer('mm', torch.zeros(1, num_features, 1, 1))
        self.register_buffer('mv', torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        mu = x.mean((0, 2, 3), keepdim=True)
        xc = x - mu
        var = (xc * xc).mean((0, 2, 3), keepdim=True)
        if self.training:
            self.mm = (self.mm + self.momentum * (mu - self.mm)).detach()
            self.mv = (self.mv + self.momentum * (var - self.mv)).detach()
        return self.gamma * xc / var.sqrt() + self.beta
