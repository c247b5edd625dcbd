# accepted: everything of shape (1, C), keepdim
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        shape = (1, num_features)
        self.gamma = nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.zeros(shape))
        self.register_buffer("moving_mean", torch.zeros(shape))
        self.register_buffer("moving_var", torch.ones(shape))
        self.eps, self.momentum = eps, momentum

    def forward(self, X):
        if self.training:
            mean = X.mean(dim=0, keepdim=True)
            var = ((X - mean) ** 2).mean(dim=0, keepdim=True)
            X_hat = (X - mean) / torch.sqrt(var + self.eps)
            # d2l keeps the old value with weight `momentum`; here it is the other way round, as in torch
            self.moving_mean = self.moving_mean * (1.0 - self.momentum) + mean.detach() * self.momentum
            self.moving_var = self.moving_var * (1.0 - self.momentum) + var.detach() * self.momentum
        else:
            X_hat = (X - self.moving_mean) / torch.sqrt(self.moving_var + self.eps)
        return self.gamma * X_hat + self.beta
