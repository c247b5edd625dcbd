# expects: eval_uses_batch
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def moments(self, x):
        if not self.training:
            mean, var = self.running_mean, self.running_var
        d = x.permute(1, 0, 2, 3).flatten(1)
        mean = d.mean(1)
        var = d.sub(mean[:, None]).square().mean(1)
        return mean, var

    def forward(self, x):
        mean, var = self.moments(x)
        if self.training:
            self.running_mean.mul_(1 - self.momentum).add_(mean.detach() * self.momentum)
            self.running_var.mul_(1 - self.momentum).add_(var.detach() * self.momentum)
        s = [1, self.num_features, 1, 1]
        return (x - mean.view(s)) * torch.rsqrt(var.view(s) + self.eps) * self.weight.view(s) + self.bias.view(s)
