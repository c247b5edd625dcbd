# expects: backward_without_variance_term
import torch
from torch import nn


def c(t):
    return t.view(1, -1, 1, 1)


class TrainStep(torch.autograd.Function):
    """dx = gamma / std * (dy - mean(dy)): centring is a projection."""

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        rstd = (var + eps).rsqrt()
        ctx.save_for_backward(x, gamma, mean, rstd)
        ctx.mark_non_differentiable(mean, var)
        return (x - c(mean)) * c(rstd * gamma) + c(beta), mean, var

    @staticmethod
    def backward(ctx, dy, *_):
        x, gamma, mean, rstd = ctx.saved_tensors
        x_hat = (x - c(mean)) * c(rstd)
        dx = c(gamma * rstd) * (dy - c(dy.mean((0, 2, 3))))
        return dx, (dy * x_hat).sum((0, 2, 3)), dy.sum((0, 2, 3)), None


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            return (x - c(self.running_mean)) * c(self.gamma * (self.running_var + self.eps).rsqrt()) + c(self.beta)
        y, mean, var = TrainStep.apply(x, self.gamma, self.beta, self.eps)
        m = x.numel() // x.size(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var * m / max(1, m - 1), self.momentum)
        return y
