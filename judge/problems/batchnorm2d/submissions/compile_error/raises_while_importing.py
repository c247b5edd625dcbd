# expects: NameError at module level
import torch.nn as nn

DEVICE = torch.device("cpu")

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(num_features, device=DEVICE))

    def forward(self, x):
        return x * self.gamma.view(1, -1, 1, 1)
