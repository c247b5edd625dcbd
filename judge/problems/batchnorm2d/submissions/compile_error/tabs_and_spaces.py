# expects: TabError
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.g = nn.Parameter(torch.ones(num_features))

    def forward(self, x):
        if self.training:
	    x = x - x.mean((0, 2, 3), keepdim=True)
        return x * self.g.view(1, -1, 1, 1)
