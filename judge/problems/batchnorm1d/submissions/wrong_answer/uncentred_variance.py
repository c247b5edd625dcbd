# expects: uncentred_variance
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.w = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("first_moment", torch.zeros(num_features))
        self.register_buffer("second_moment", torch.ones(num_features))

    def blend(self, name, new):
        old = getattr(self, name)
        setattr(self, name, old * (1 - self.momentum) + new.detach() * self.momentum)

    def forward(self, x):
        if self.training:
            first = torch.einsum("nd->d", x) / len(x)
            second = torch.einsum("nd,nd->d", x, x) / len(x)
            self.blend("first_moment", first)
            self.blend("second_moment", second)
        else:
            first, second = self.first_moment, self.second_moment
        return self.w * (x - first) / (second + self.eps).sqrt() + self.b
