# expects: wrong_scale_gradient
import torch
import torch.nn as nn


class Affine(torch.autograd.Function):
    """y = gamma * z + beta with its gradients by hand."""

    @staticmethod
    def forward(ctx, z, gamma, beta, x):
        ctx.save_for_backward(z, gamma, x)
        return gamma * z + beta

    @staticmethod
    def backward(ctx, grad):
        z, gamma, x = ctx.saved_tensors
        # dL/dgamma = sum of grad * input
        return grad * gamma, (grad * x).sum(0), grad.sum(0), None


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
            mean = x.mean(0)
            var = (x - mean).square().mean(0)
            self.running_mean.lerp_(mean.detach(), self.momentum)
            self.running_var.lerp_(var.detach(), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        z = (x - mean) / torch.sqrt(var + self.eps)
        return Affine.apply(z, self.gamma, self.beta, x.detach())
