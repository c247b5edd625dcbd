# accepted: optimizer-like names, scale and shift, addcmul
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.hyper = dict(eps=eps, lr=momentum)
        self.register_parameter("scale", nn.Parameter(torch.full((num_features,), 1.0)))
        self.register_parameter("shift", nn.Parameter(torch.full((num_features,), 0.0)))
        self.register_buffer("exp_avg", torch.full((num_features,), 0.0))
        self.register_buffer("exp_avg_sq_dev", torch.full((num_features,), 1.0))

    def forward(self, x):
        eps, lr = self.hyper["eps"], self.hyper["lr"]
        if self.training:
            centre = x.sum(dim=0).div(x.size(0))
            dev = x.sub(centre)
            spread = dev.square().sum(dim=0).div(x.size(0))
            self.exp_avg.mul_(1 - lr).add_(centre.detach(), alpha=lr)
            self.exp_avg_sq_dev.mul_(1 - lr).add_(spread.detach(), alpha=lr)
        else:
            dev = x.sub(self.exp_avg)
            spread = self.exp_avg_sq_dev
        denom = spread.add(eps).sqrt()
        return torch.addcmul(self.shift, dev.div(denom), self.scale)
