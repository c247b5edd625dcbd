# expects: rule BatchNorm2d
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.inner = nn.BatchNorm2d(num_features, eps, momentum)

    def forward(self, x):
        return self.inner(x)
