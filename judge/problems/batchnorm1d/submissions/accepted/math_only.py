# accepted: plain Python floats and the math module, forward and backward
import math

import torch
import torch.nn as nn


class PaperAndPencil(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, means, variances, eps, batch_statistics):
        table = x.tolist()
        g, b = gamma.tolist(), beta.tolist()
        inv = [1.0 / math.sqrt(v + eps) for v in variances]
        hat = [[(value - m) * i for value, m, i in zip(row, means, inv)] for row in table]
        ctx.hat, ctx.inv, ctx.g, ctx.batch_statistics = hat, inv, g, batch_statistics
        return x.new_tensor([[h * gc + bc for h, gc, bc in zip(row, g, b)] for row in hat])

    @staticmethod
    def backward(ctx, grad):
        rows = grad.tolist()
        n, d = len(rows), len(ctx.g)
        d_beta = [sum(row[c] for row in rows) for c in range(d)]
        d_gamma = [sum(row[c] * h[c] for row, h in zip(rows, ctx.hat)) for c in range(d)]
        d_x = []
        for row, h in zip(rows, ctx.hat):
            line = []
            for c in range(d):
                g = row[c]
                if ctx.batch_statistics:
                    g -= d_beta[c] / n + h[c] * d_gamma[c] / n
                line.append(g * ctx.g[c] * ctx.inv[c])
            d_x.append(line)
        return grad.new_tensor(d_x), grad.new_tensor(d_gamma), grad.new_tensor(d_beta), None, None, None, None


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
        if self.training:
            means, variances = [], []
            for column in zip(*x.tolist()):
                m = sum(column) / len(column)
                means.append(m)
                variances.append(sum((value - m) * (value - m) for value in column) / len(column))
            self._blend(self.running_mean, means)
            self._blend(self.running_var, variances)
        else:
            means, variances = self.running_mean.tolist(), self.running_var.tolist()
        return PaperAndPencil.apply(x, self.gamma, self.beta, means, variances, self.eps, self.training)

    def _blend(self, buffer, new):
        keep = 1.0 - self.momentum
        blended = [keep * old + self.momentum * value for old, value in zip(buffer.tolist(), new)]
        buffer.copy_(buffer.new_tensor(blended))
