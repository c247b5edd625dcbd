import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        # 可学习参数：gamma（缩放，初值全为 1）和 beta（平移，初值全为 0）。
        # 缓冲区：running_mean（初值全为 0）和 running_var（初值全为 1）。
        raise NotImplementedError

    def forward(self, x):
        # x 的形状是 [N, D]；self.training 说明该层当前处于哪种模式。
        raise NotImplementedError
