# accepted: numpy for the maths, torch only as the shell
import numpy as np
import torch
import torch.nn as nn


class NumpyNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, mean, inv_std, training):
        ctx.dtype = x.dtype
        ctx.training = training
        xh = (x.detach().cpu().numpy() - mean) * inv_std
        ctx.xh, ctx.gs = xh, gamma.detach().cpu().numpy() * inv_std
        out = xh * gamma.detach().cpu().numpy() + beta.detach().cpu().numpy()
        return torch.from_numpy(np.ascontiguousarray(out)).to(x)

    @staticmethod
    def backward(ctx, grad):
        g = grad.detach().cpu().numpy()
        db = g.sum(axis=0)
        dg = (g * ctx.xh).sum(axis=0)
        if ctx.training:
            g = g - g.mean(axis=0) - ctx.xh * (g * ctx.xh).mean(axis=0)
        dx = g * ctx.gs
        wrap = lambda a: torch.from_numpy(np.ascontiguousarray(a)).to(grad)
        return wrap(dx), wrap(dg), wrap(db), None, None, None


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.from_numpy(np.ones(num_features, dtype=np.float32)))
        self.beta = nn.Parameter(torch.from_numpy(np.zeros(num_features, dtype=np.float32)))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            a = x.detach().cpu().numpy().astype(np.float64)
            mean, var = a.mean(axis=0), a.var(axis=0)
            m = self.momentum
            self.running_mean.copy_(torch.from_numpy((1 - m) * self.running_mean.cpu().numpy() + m * mean))
            self.running_var.copy_(torch.from_numpy((1 - m) * self.running_var.cpu().numpy() + m * var))
        else:
            mean = self.running_mean.cpu().numpy().astype(np.float64)
            var = self.running_var.cpu().numpy().astype(np.float64)
        return NumpyNorm.apply(x, self.gamma, self.beta, mean, 1.0 / np.sqrt(var + self.eps), self.training)
