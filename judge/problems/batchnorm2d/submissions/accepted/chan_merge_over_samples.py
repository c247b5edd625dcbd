# accepted: Chan/Welford merging, one image at a time
import torch
from torch import nn


def merge(a, b):
    """Chan et al.: combine two (count, mean, M2) summaries into one."""
    (na, ma, sa), (nb, mb, sb) = a, b
    n = na + nb
    delta = mb - ma
    return n, ma + delta * (nb / n), sa + sb + delta.square() * (na * nb / n)


def summary(image):
    """(count, mean, M2) of every channel of one [C, H, W] image."""
    pixels = image.flatten(1)
    mean = pixels.mean(1)
    return pixels.shape[1], mean, (pixels - mean[:, None]).square().sum(1)


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            total = summary(x[0])
            for image in x[1:]:
                total = merge(total, summary(image))
            n, mean, m2 = total
            var = m2 / n
            with torch.no_grad():
                self.running_mean.add_(self.momentum * (mean - self.running_mean))
                # Bessel's correction for the population estimate only
                self.running_var.add_(self.momentum * (m2 / max(n - 1, 1) - self.running_var))
        else:
            mean, var = self.running_mean, self.running_var

        def up(v):
            return v.view(-1, 1, 1)

        return (x - up(mean)) / up((var + self.eps).sqrt()) * up(self.gamma) + up(self.beta)
