# expects: unknown
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum, self.num_features = eps, momentum, num_features
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("rm", torch.zeros(num_features))
        self.register_buffer("rv", torch.ones(num_features))

    def forward(self, x):
        m, v = self.rm, self.rv
        if self.training:
            m, v = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.rm.lerp_(m, self.momentum)
                self.rv.lerp_(v, self.momentum)
        z = (x - m) / torch.sqrt(v + self.eps)
        if self.training: z = z.clamp(-3, 3)
        return self.gamma * z + self.beta
