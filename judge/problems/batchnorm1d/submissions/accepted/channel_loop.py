# accepted: a python loop over the channels, columns stacked at the end
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        columns = []
        for c in range(self.num_features):
            column = x[:, c]
            if self.training:
                mean = column.sum() / len(column)
                var = ((column - mean) * (column - mean)).sum() / len(column)
                with torch.no_grad():
                    self.running_mean[c] = (1 - self.momentum) * self.running_mean[c] + self.momentum * mean
                    self.running_var[c] = (1 - self.momentum) * self.running_var[c] + self.momentum * var
            else:
                mean = self.running_mean[c]
                var = self.running_var[c]
            columns.append(self.gamma[c] * (column - mean) / torch.sqrt(var + self.eps) + self.beta[c])
        return torch.stack(columns, dim=1)
