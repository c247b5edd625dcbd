# expects: sleeps while the file is imported
import time

import torch
import torch.nn as nn

time.sleep(3600)


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()

    def forward(self, x):
        return x
