# expects: while True in forward
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        mean = torch.zeros_like(x)
        while True:  # until it converges
            step = (x - mean).mean(0)
            mean = mean + 0.5 * step
            if step.abs().max() < 0:
                break
        return self.gamma * (x - mean) + self.beta
