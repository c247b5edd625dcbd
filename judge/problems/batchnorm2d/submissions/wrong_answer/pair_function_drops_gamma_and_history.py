# expects: backward_without_scale, momentum_ignored
import torch
import torch.nn as nn


class F2d(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, mean, var, eps, training):
        inv = (var + eps).rsqrt()
        hat = (x - mean) * inv
        ctx.save_for_backward(hat, inv)
        ctx.training = training
        return hat * gamma + beta

    @staticmethod
    def backward(ctx, dy):
        hat, inv = ctx.saved_tensors
        ax = (0, 2, 3)
        d_gamma = (dy * hat).sum(ax, keepdim=True)
        d_beta = dy.sum(ax, keepdim=True)
        if ctx.training:
            dx = inv * (dy - dy.mean(ax, keepdim=True) - hat * (dy * hat).mean(ax, keepdim=True))
        else:
            dx = inv * dy
        return dx, d_gamma, d_beta, None, None, None, None


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_mean", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_var", torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                var, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
                self.running_mean.copy_(mean)
                self.running_var.copy_(var)
        else:
            mean, var = self.running_mean, self.running_var
        return F2d.apply(x, self.gamma, self.beta, mean, var, self.eps, self.training)
