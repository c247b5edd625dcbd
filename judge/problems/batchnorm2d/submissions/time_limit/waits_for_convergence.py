# expects: endless loop in forward
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        mean = x.mean((0, 2, 3))
        # run the moving average until it has arrived
        while True:
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean.detach()
            if torch.equal(self.running_mean, mean + 1):
                break
        return x - self.running_mean.view(1, -1, 1, 1)
