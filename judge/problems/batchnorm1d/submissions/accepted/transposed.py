# accepted: works on the transposed (D, N) view
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features, 1))
        self.beta = nn.Parameter(torch.zeros(num_features, 1))
        # row 0: mean, row 1: variance
        self.register_buffer("stats", torch.stack([torch.zeros(num_features), torch.ones(num_features)]))

    def forward(self, x):
        xt = x.permute(1, 0).contiguous().flatten(1)
        if self.training:
            mean = xt.mean(-1)
            var = (xt - mean.unsqueeze(-1)).pow(2).mean(-1)
            batch = torch.stack([mean, var]).detach()
            self.stats = torch.lerp(self.stats, batch, self.momentum)
        else:
            mean, var = self.stats.unbind(0)
        yt = (xt - mean[:, None]) / (var[:, None] + self.eps).sqrt()
        yt = yt * self.gamma + self.beta
        return yt.t()
