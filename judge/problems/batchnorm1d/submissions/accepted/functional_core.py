# accepted: a pure function `batch_norm` of one's own and a thin module around it
import torch
import torch.nn as nn


def batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps):
    """Returns (y, new_running_mean, new_running_var); changes none of its arguments."""
    if training:
        n = x.size(0)
        mean = x.mean(0, keepdim=True)
        var = (x - mean).pow(2).sum(0, keepdim=True) / n
        running_mean = (1 - momentum) * running_mean + momentum * mean.detach().view(-1)
        correction = n / (n - 1) if n > 1 else 1
        running_var = (1 - momentum) * running_var + momentum * correction * var.detach().view(-1)
    else:
        mean, var = running_mean.unsqueeze(0), running_var.unsqueeze(0)
    y = (x - mean).div((var + eps).sqrt())
    return y.mul(weight).add(bias), running_mean, running_var


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
        y, self.running_mean, self.running_var = batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps
        )
        return y
