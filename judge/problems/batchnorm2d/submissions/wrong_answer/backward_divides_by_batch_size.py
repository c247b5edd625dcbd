# expects: backward_wrong_count
import torch
from torch import nn

AXES = (0, 2, 3)


class BatchNormTrain(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean = x.mean(AXES, keepdim=True)
        var = (x - mean).pow(2).mean(AXES, keepdim=True)
        std = (var + eps).sqrt()
        x_hat = (x - mean) / std
        ctx.save_for_backward(x_hat, std, weight)
        ctx.mark_non_differentiable(mean, var)
        return weight * x_hat + bias, mean, var

    @staticmethod
    def backward(ctx, dy, *unused):
        x_hat, std, weight = ctx.saved_tensors
        N = dy.shape[0]
        dx_hat = dy * weight
        # cs231n's one-line formula
        dx = (N * dx_hat - dx_hat.sum(AXES, keepdim=True)
              - x_hat * (dx_hat * x_hat).sum(AXES, keepdim=True)) / (N * std)
        return dx, (dy * x_hat).sum(AXES, keepdim=True), dy.sum(AXES, keepdim=True), None


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_mean", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_var", torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        if self.training:
            y, mean, var = BatchNormTrain.apply(x, self.weight, self.bias, self.eps)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
            return y
        return self.weight * (x - self.running_mean) / (self.running_var + self.eps).sqrt() + self.bias
