# accepted: a plain Python loop over the channels
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        outputs = []
        for c in range(self.num_features):
            channel = x[:, c, :, :]
            if self.training:
                # mean of the channel
                mean = torch.sum(channel) / channel.numel()
                # variance of the channel
                var = torch.sum((channel - mean) ** 2) / channel.numel()
                # update running statistics
                with torch.no_grad():
                    self.running_mean[c] = (1 - self.momentum) * self.running_mean[c] + self.momentum * mean
                    self.running_var[c] = (1 - self.momentum) * self.running_var[c] + self.momentum * var
            else:
                mean = self.running_mean[c]
                var = self.running_var[c]
            channel = (channel - mean) / torch.sqrt(var + self.eps)
            channel = self.gamma[c] * channel + self.beta[c]
            outputs.append(channel)
        return torch.stack(outputs, dim=1)
