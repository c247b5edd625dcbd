# expects: unknown
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    """Scaling as a product with a diagonal matrix: elegant, but 0 * nan is nan."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        n, c, h, w = x.shape
        columns = x.transpose(0, 1).reshape(c, -1)
        if self.training:
            mean = columns.mean(1)
            var = columns.var(1, unbiased=False)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean.detach()
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var.detach()
        else:
            mean, var = self.running_mean, self.running_var
        D = torch.diag(self.gamma / torch.sqrt(var + self.eps))
        columns = D @ (columns - mean.unsqueeze(1)) + self.beta.unsqueeze(1)
        return columns.reshape(c, n, h, w).transpose(0, 1)
