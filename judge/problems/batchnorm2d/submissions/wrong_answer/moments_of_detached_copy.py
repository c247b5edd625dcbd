# expects: stops_gradient_mean_and_var
import torch as th
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.hp = (eps, momentum)
        self.w, self.b = nn.Parameter(th.ones(num_features, 1, 1)), nn.Parameter(th.zeros(num_features, 1, 1))
        self.register_buffer('mv', th.stack((th.zeros(num_features), th.ones(num_features))))

    def forward(self, x):
        eps, rate = self.hp
        if self.training:
            frozen = x.detach().transpose(0, 1).flatten(1)
            mv = th.stack((frozen.mean(1), frozen.var(1, unbiased=False)))
            self.mv = self.mv + rate * (mv - self.mv)
        else:
            mv = self.mv
        mean, var = mv[:, :, None, None]
        return self.w * (x - mean) / (var + eps).sqrt() + self.b
