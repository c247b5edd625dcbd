# expects: backward_wrong_count
import torch
import torch.nn as nn


class _BatchNormFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        mean = x.mean(0, keepdim=True)
        var = x.var(0, keepdim=True, unbiased=False)
        inv = (var + eps).rsqrt()
        xn = (x - mean) * inv
        ctx.save_for_backward(xn, inv, gamma)
        ctx.mark_non_differentiable(mean, var)
        return xn * gamma + beta, mean, var

    @staticmethod
    def backward(ctx, gy, gm, gv):
        xn, inv, gamma = ctx.saved_tensors
        gb, gg = gy.sum(0), (gy * xn).sum(0)
        m = gy.size(0) - 1
        gx = gamma * inv * (gy - gb / m - xn * gg / m)
        return gx, gg, gb, None


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
            inv = (self.running_var + self.eps).rsqrt()
            return (x - self.running_mean) * inv * self.gamma + self.beta
        y, mean, var = _BatchNormFn.apply(x, self.gamma, self.beta, self.eps)
        self.running_mean.lerp_(mean[0], self.momentum)
        self.running_var.lerp_(var[0], self.momentum)
        return y
