# expects: IndentationError
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps

    def forward(self, x):
    mean = x.mean((0, 2, 3), keepdim=True)
    return x - mean
