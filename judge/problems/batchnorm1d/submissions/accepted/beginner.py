# accepted: first steps in PyTorch, everything spelled out
import torch
import torch.nn as nn

class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm1d, self).__init__()
        self.numFeatures = num_features
        self.epsilon = eps
        self.mom = momentum
        g = torch.ones(num_features)
        b = torch.zeros(num_features)
        self.G = nn.Parameter(g)
        self.B = nn.Parameter(b)
        self.register_buffer('savedMean', torch.zeros(num_features))
        self.register_buffer('savedVar', torch.ones(num_features))

    def forward(self, x):
        N = x.shape[0]
        D = x.shape[1]

        if self.training:
            # step 1: mean
            total = torch.sum(x, dim=0)
            mean = total / N
            # step 2: variance
            mean_big = mean.repeat(N, 1)
            difference = x - mean_big
            squared = difference ** 2
            var = torch.sum(squared, dim=0) / N
            # step 3: remember for later
            mean_copy = mean.clone().detach()
            var_copy = var.clone().detach()
            old_part = (1 - self.mom) * self.savedMean
            new_part = self.mom * mean_copy
            self.savedMean = old_part + new_part
            old_part = (1 - self.mom) * self.savedVar
            new_part = self.mom * var_copy
            self.savedVar = old_part + new_part
            # step 4: normalize
            std = (var + self.epsilon) ** 0.5
            std_big = std.repeat(N, 1)
            normalized = difference / std_big
            # step 5: scale and shift
            answer = normalized * self.G.repeat(N, 1) + self.B.repeat(N, 1)
            return answer
        else:
            std = (self.savedVar + self.epsilon) ** 0.5
            normalized = (x - self.savedMean.repeat(N, 1)) / std.repeat(N, 1)
            answer = normalized * self.G.repeat(N, 1) + self.B.repeat(N, 1)
            return answer
