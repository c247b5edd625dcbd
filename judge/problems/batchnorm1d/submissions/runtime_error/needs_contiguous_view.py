# expects: needs_contiguous
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.D = num_features
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = nn.Parameter(torch.ones(self.D)), nn.Parameter(torch.zeros(self.D))
        self.register_buffer("mean", torch.zeros(self.D))
        self.register_buffer("var", torch.ones(self.D))

    def forward(self, x):
        # row-major: feature c is every D-th number, starting with the c-th
        memory = x.view(x.numel())
        if self.training:
            features = [memory[c :: self.D] for c in range(self.D)]
            mean = torch.stack([f.mean() for f in features])
            var = torch.stack([f.var(unbiased=False) for f in features])
            self.mean = torch.lerp(self.mean, mean.detach(), self.momentum)
            self.var = torch.lerp(self.var, var.detach(), self.momentum)
        else:
            mean, var = self.mean, self.var
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta
