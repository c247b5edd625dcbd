# accepted: 变量名也用中文
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.小数, self.动量 = eps, momentum
        self.缩放 = nn.Parameter(torch.ones(num_features))
        self.平移 = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("均值", torch.zeros(num_features))
        self.register_buffer("方差", torch.ones(num_features))

    def forward(self, 输入):
        均值, 方差 = self.均值, self.方差
        if self.training:
            方差, 均值 = torch.var_mean(输入, dim=0, unbiased=False)
            self.均值 = (1 - self.动量) * self.均值 + self.动量 * 均值.detach()
            self.方差 = (1 - self.动量) * self.方差 + self.动量 * 方差.detach()
        return (输入 - 均值) / torch.sqrt(方差 + self.小数) * self.缩放 + self.平移
