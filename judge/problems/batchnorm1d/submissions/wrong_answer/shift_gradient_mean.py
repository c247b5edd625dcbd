# expects: shift_gradient_mean
import torch
import torch.nn as nn


class BatchNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x_hat, gamma, beta):
        ctx.save_for_backward(x_hat, gamma)
        return x_hat * gamma + beta

    @staticmethod
    def backward(ctx, grad_output):
        x_hat, gamma = ctx.saved_tensors
        grad_x_hat = grad_output * gamma
        grad_gamma = torch.einsum("nd,nd->d", grad_output, x_hat)
        grad_beta = grad_output.mean(dim=0)
        return grad_x_hat, grad_gamma, grad_beta


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            var, mean = torch.var_mean(x, 0, unbiased=False)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                self.running_var.mul_(1 - self.momentum).add_(var, alpha=self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        x_hat = (x - mean) * (var + self.eps).rsqrt()
        return BatchNormFunction.apply(x_hat, self.weight, self.bias)
