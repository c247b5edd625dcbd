# expects: shift_gradient_mean
import torch
from torch import nn
from torch.autograd import Function


class Norm2d(Function):
    @staticmethod
    def forward(ctx, x, w, b, running, training, eps):
        c = x.size(1)
        rows = x.transpose(0, 1).reshape(c, -1)
        if training:
            mean, var = rows.mean(1, True), rows.var(1, correction=0, keepdim=True)
        else:
            mean, var = running[0][:, None].clone(), running[1][:, None].clone()
        inv = torch.rsqrt(var + eps)
        hat = (rows - mean) * inv
        ctx.save_for_backward(hat, inv, w)
        ctx.dims, ctx.training = (c, x.size(0), *x.shape[2:]), training
        ctx.mark_non_differentiable(mean, var)
        return (hat * w[:, None] + b[:, None]).reshape(ctx.dims).transpose(0, 1), mean[:, 0], var[:, 0]

    @staticmethod
    def backward(ctx, grad, _m, _v):
        hat, inv, w = ctx.saved_tensors
        g = grad.transpose(0, 1).reshape(hat.shape)
        gw, gb = (g * hat).sum(1), g.mean(1)
        gx = g * w[:, None]
        if ctx.training:
            gx = gx - gx.mean(1, True) - hat * (gx * hat).mean(1, True)
        return (gx * inv).reshape(ctx.dims).transpose(0, 1), gw, gb, None, None, None


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.w = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("rm", torch.zeros(num_features))
        self.register_buffer("rv", torch.ones(num_features))

    def forward(self, x):
        y, mean, var = Norm2d.apply(x, self.w, self.b, (self.rm, self.rv), self.training, self.eps)
        if self.training:
            with torch.no_grad():
                self.rm.lerp_(mean, self.momentum)
                self.rv.lerp_(var, self.momentum)
        return y
