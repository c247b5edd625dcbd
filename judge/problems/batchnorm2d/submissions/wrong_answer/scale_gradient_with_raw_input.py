# expects: wrong_scale_gradient
import torch
import torch.nn as nn

class ScaleShift(torch.autograd.Function):
    """y = gamma * x_hat + beta; x is passed along for the backward."""

    @staticmethod
    def forward(ctx, x_hat, x, gamma, beta):
        ctx.save_for_backward(x, gamma)
        return gamma.view(1, -1, 1, 1) * x_hat + beta.view(1, -1, 1, 1)

    @staticmethod
    def backward(ctx, dy):
        x, gamma = ctx.saved_tensors
        dgamma = (dy * x).sum(dim=(0, 2, 3))
        dbeta = dy.sum(dim=(0, 2, 3))
        return dy * gamma.view(1, -1, 1, 1), None, dgamma, dbeta

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean((0, 2, 3))
            var = x.var((0, 2, 3), unbiased=False)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(self.momentum * mean)
                self.running_var.mul_(1 - self.momentum).add_(self.momentum * var)
        else:
            mean, var = self.running_mean, self.running_var
        x_hat = (x - mean.view(1, -1, 1, 1)) / torch.sqrt(var.view(1, -1, 1, 1) + self.eps)
        return ScaleShift.apply(x_hat, x.detach(), self.gamma, self.beta)
