# accepted: forward and backward in numpy, wrapped in an autograd.Function with setup_context
import numpy as np
import torch
from torch import nn

CHANNEL = (slice(None), None, None)
REST = (0, 2, 3)


class NumpyBatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(x, weight, bias, mean, var, eps, training):
        pixels = x.detach().numpy().astype(np.float64)
        if training:
            mu, sigma2 = pixels.mean(axis=REST), pixels.var(axis=REST)
        else:
            mu, sigma2 = mean.numpy().astype(np.float64), var.numpy().astype(np.float64)
        inv = 1.0 / np.sqrt(sigma2 + eps)
        hat = (pixels - mu[CHANNEL]) * inv[CHANNEL]
        out = hat * weight.detach().numpy()[CHANNEL] + bias.detach().numpy()[CHANNEL]
        return tuple(torch.as_tensor(np.ascontiguousarray(a)).to(x.dtype) for a in (out, mu, sigma2, hat, inv))

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, weight, _, _, _, _, ctx.training = inputs
        _, mu, sigma2, hat, inv = output
        ctx.mark_non_differentiable(mu, sigma2, hat, inv)
        ctx.save_for_backward(weight, hat, inv)

    @staticmethod
    def backward(ctx, dout, *_):
        weight, hat, inv = (t.detach().numpy() for t in ctx.saved_tensors)
        dy = dout.detach().numpy()
        dhat = dy * weight[CHANNEL]
        if ctx.training:
            dhat = dhat - dhat.mean(REST, keepdims=True) - hat * (dhat * hat).mean(REST, keepdims=True)
        results = (dhat * inv[CHANNEL], (dy * hat).sum(REST), dy.sum(REST))
        wanted = ctx.needs_input_grad
        grads = [torch.as_tensor(np.ascontiguousarray(r)).to(dout.dtype) if w else None for r, w in zip(results, wanted)]
        return (*grads, None, None, None, None)


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        out, mu, sigma2, *_ = NumpyBatchNorm.apply(
            x, self.weight, self.bias, self.mean, self.var, self.eps, self.training
        )
        if self.training:
            self.mean.lerp_(mu, self.momentum)
            self.var.lerp_(sigma2, self.momentum)
        return out
