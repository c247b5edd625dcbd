# expects: backward_without_variance_term, updates_only_with_grad
import torch
import torch.nn as nn


class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, mean, var, eps):
        inv = torch.rsqrt(var + eps)
        xhat = (x - mean) * inv
        ctx.save_for_backward(xhat, inv, gamma)
        return xhat * gamma + beta

    @staticmethod
    def backward(ctx, g):
        xhat, inv, gamma = ctx.saved_tensors
        gx = g * gamma * inv
        return gx - gx.mean(0), (g * xhat).sum(0), g.sum(0), None, None, None


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("m", torch.zeros(num_features))
        self.register_buffer("v", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            return (x - self.m) * torch.rsqrt(self.v + self.eps) * self.gamma + self.beta
        d = x.detach()
        m, v = d.mean(0), d.var(0, correction=0)
        if torch.is_grad_enabled():  # no_grad means "do not learn anything"
            self.m.lerp_(m, self.momentum)
            self.v.lerp_(v, self.momentum)
        return Norm.apply(x, self.gamma, self.beta, m, v, self.eps)
