# expects: stats_not_buffers
import torch
import torch.nn as nn

class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta  = nn.Parameter(torch.zeros(num_features))
        # 训练过程中统计
        self.moving_mean = torch.zeros(num_features)
        self.moving_var  = torch.ones(num_features)

    def forward(self, X):
        if self.moving_mean.device != X.device:      # 李沐书上的写法
            self.moving_mean = self.moving_mean.to(X.device)
            self.moving_var = self.moving_var.to(X.device)
        if not self.training:
            X_hat = (X - self.moving_mean) / torch.sqrt(self.moving_var + self.eps)
        else:
            mean = X.mean(dim=0)
            var = ((X - mean) ** 2).mean(dim=0)
            X_hat = (X - mean) / torch.sqrt(var + self.eps)
            self.moving_mean = (1.0 - self.momentum) * self.moving_mean + self.momentum * mean.data
            self.moving_var = (1.0 - self.momentum) * self.moving_var + self.momentum * var.data
        return self.gamma * X_hat + self.beta
