# expects: sleeps while it is imported
import time

import torch
from torch import nn

print("warming up")
time.sleep(3600)


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(num_features))

    def forward(self, x):
        return x
