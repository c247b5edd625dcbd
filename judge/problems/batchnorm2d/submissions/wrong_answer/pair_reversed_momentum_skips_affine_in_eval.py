# expects: momentum_reversed, affine_skipped_in_eval
import torch
import torch.nn as nn

class MyBatchNom2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNom2d, self).__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=(0, 2, 3), keepdim=True)
            var = x.var(dim=(0, 2, 3), keepdim=True, unbiased=False)
            with torch.no_grad():
                self.running_mean = self.running_mean * self.momentum + mean.reshape(-1) * (1 - self.momentum)
                self.running_var = self.running_var * self.momentum + var.reshape(-1) * (1 - self.momentum)
            x_hat = (x - mean) / torch.sqrt(var + self.eps)
            return x_hat * self.gamma.view(1, -1, 1, 1) + self.beta.view(1, -1, 1, 1)
        # 推理模式：直接用全局统计量
        mean = self.running_mean.view(1, -1, 1, 1)
        var = self.running_var.view(1, -1, 1, 1)
        return (x - mean) / torch.sqrt(var + self.eps)
