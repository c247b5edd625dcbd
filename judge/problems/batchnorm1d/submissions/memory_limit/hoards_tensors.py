# expects: ever more memory in forward
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        history = []
        while True:
            history.append(torch.ones(4 * 1024 * 1024))  # 16 MiB at a time, all of it touched
