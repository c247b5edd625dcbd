# expects: a Python list that grows without end
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.history = [0.0]
        while self.history:
            self.history.extend(self.history)

    def forward(self, x):
        return x
