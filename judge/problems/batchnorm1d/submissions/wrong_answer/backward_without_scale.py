# expects: backward_without_scale
import torch
import torch.nn as nn


class HandBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inp, w, b, eps):
        N = inp.shape[0]
        mu = inp.sum(0) / N
        xmu = inp - mu
        var = (xmu ** 2).sum(0) / N
        ivar = 1 / (var + eps).sqrt()
        xhat = xmu * ivar
        ctx.N = N
        ctx.save_for_backward(xhat, ivar)
        ctx.mark_non_differentiable(mu, var)
        return xhat * w + b, mu, var

    @staticmethod
    def backward(ctx, dout, _1, _2):
        xhat, ivar = ctx.saved_tensors
        N = ctx.N
        db = dout.sum(0)
        dw = (dout * xhat).sum(0)
        dx = (1.0 / N) * ivar * (N * dout - db - xhat * dw)
        return dx, dw, db, None


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("rmean", torch.zeros(num_features))
        self.register_buffer("rvar", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            out, mu, var = HandBackward.apply(x, self.w, self.b, self.eps)
            self.rmean += self.momentum * (mu - self.rmean)
            self.rvar += self.momentum * (var - self.rvar)
            return out
        return (x - self.rmean) / (self.rvar + self.eps).sqrt() * self.w + self.b
