# expects: unknown
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    """Centres on the median, which outliers do not move."""
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            rows = x.transpose(0, 1).flatten(1)
            mean = rows.median(1).values
            var = (rows - mean[:, None]).square().mean(1)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var, self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        y = (x - mean[:, None, None]) / (var + self.eps).sqrt()[:, None, None]
        return y * self.gamma[:, None, None] + self.beta[:, None, None]
