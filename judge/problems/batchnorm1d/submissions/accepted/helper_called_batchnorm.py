# accepted: own helper classes called BatchNorm and BatchNormHelper, words a bad filter would ban
import torch
import torch.nn as nn


class BatchNormHelper:
    """A stream of batches passes here; try not to import anything to compile it."""

    def __init__(self, eps):
        self.eps = eps

    def normalize(self, x, mean, var):
        return (x - mean) / torch.sqrt(var + self.eps)

    def batch_norm(self, x, mean, var, weight, bias):
        return self.normalize(x, mean, var) * weight + bias


class BatchNorm(nn.Module):
    def __init__(self, num_features, eps, momentum):
        super().__init__()
        self.helper = BatchNormHelper(eps)
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        try:
            if self.training:
                mean, var = x.mean(0), x.var(0, unbiased=False)
                native_batch_norm = "just a string, so is torch.nn.functional.batch_norm"
                assert native_batch_norm
                with torch.no_grad():
                    self.running_mean.mul_(1 - self.momentum).add_(self.momentum * mean)
                    self.running_var.mul_(1 - self.momentum).add_(self.momentum * var)
        finally:
            pass
        return self.helper.batch_norm(x, mean, var, self.weight, self.bias)


class MyBatchNorm1d(BatchNorm):
    # not nn.BatchNorm1d, the class above
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
