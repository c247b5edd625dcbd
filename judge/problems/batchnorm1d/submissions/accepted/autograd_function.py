# accepted: custom autograd.Function, backward derived on paper
import torch
import torch.nn as nn


class _Normalise(torch.autograd.Function):
    """y = gamma * (x - mean) / sqrt(var + eps) + beta, mean and var of the batch.

    dL/dx = gamma * inv / n * (n * g - sum(g) - x_hat * sum(g * x_hat))
    """

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        mean = x.mean(0)
        xc = x - mean
        var = xc.pow(2).mean(0)
        inv = 1.0 / torch.sqrt(var + eps)
        x_hat = xc * inv
        ctx.save_for_backward(x_hat, inv, gamma)
        ctx.mark_non_differentiable(mean, var)
        return x_hat * gamma + beta, mean, var

    @staticmethod
    def backward(ctx, grad_out, _grad_mean, _grad_var):
        x_hat, inv, gamma = ctx.saved_tensors
        n = x_hat.size(0)
        d_beta = grad_out.sum(0)
        d_gamma = (grad_out * x_hat).sum(0)
        d_x = (gamma * inv / n) * (n * grad_out - d_beta - x_hat * d_gamma)
        return d_x, d_gamma, d_beta, None


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            inv = torch.rsqrt(self.running_var + self.eps)
            return (x - self.running_mean) * inv * self.gamma + self.beta
        y, mean, var = _Normalise.apply(x, self.gamma, self.beta, self.eps)
        self.running_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
        self.running_var.mul_(1 - self.momentum).add_(var, alpha=self.momentum)
        return y
