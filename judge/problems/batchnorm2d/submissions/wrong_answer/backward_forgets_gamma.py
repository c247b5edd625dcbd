# expects: backward_without_scale
import torch
import torch.nn as nn

class _bn2d(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, g, b, mean, var, eps, train):
        istd = (var + eps) ** -0.5
        z = (x - mean[:, None, None]) * istd[:, None, None]
        ctx.save_for_backward(z, istd)
        ctx.train = train
        return z * g[:, None, None] + b[:, None, None]

    @staticmethod
    def backward(ctx, dout):
        z, istd = ctx.saved_tensors
        m = z.numel() // z.size(1)
        dg = torch.einsum('nchw,nchw->c', dout, z)
        db = torch.einsum('nchw->c', dout)
        dx = dout
        if ctx.train:
            dx = dx - (db / m)[:, None, None] - z * (dg / m)[:, None, None]
        return dx * istd[:, None, None], dg, db, None, None, None, None

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.g = nn.Parameter(torch.ones(num_features))
        self.b = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('m', torch.zeros(num_features))
        self.register_buffer('v', torch.ones(num_features))

    def forward(self, x):
        m, v = self.m, self.v
        if self.training:
            v, m = torch.var_mean(x.detach(), (0, 2, 3), correction=0)
            self.m = torch.lerp(self.m, m, self.momentum)
            self.v = torch.lerp(self.v, v, self.momentum)
        return _bn2d.apply(x, self.g, self.b, m, v, self.eps, self.training)
