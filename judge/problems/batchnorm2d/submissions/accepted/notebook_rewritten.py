# accepted: the notebook's solution, rewritten, with its own spelling of the class and Chinese comments
import torch
import torch.nn as nn


class MyBatchNom2d(nn.Module):
    """手写 BN：同一个通道的所有像素（跨样本、跨位置）共用一组均值和方差。"""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNom2d, self).__init__()
        self.eps = eps
        self.momentum = momentum

        # 可学习参数，形状 [C]
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))

        # 统计量不参与训练，注册成 buffer 才会进 state_dict
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            # 在 N, H, W 三个维度上聚合，结果是 [1, C, 1, 1]
            mean = x.mean(dim=(0, 2, 3), keepdim=True)
            var = x.var(dim=(0, 2, 3), keepdim=True, unbiased=False)

            with torch.no_grad():
                # view(-1) 而不是 squeeze()：C=1 时 squeeze 会变成 0 维
                self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean.view(-1)
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var.view(-1)
        else:
            mean = self.running_mean.view(1, -1, 1, 1)
            var = self.running_var.view(1, -1, 1, 1)

        x_hat = (x - mean) / torch.sqrt(var + self.eps)
        return x_hat * self.gamma.view(1, -1, 1, 1) + self.beta.view(1, -1, 1, 1)
