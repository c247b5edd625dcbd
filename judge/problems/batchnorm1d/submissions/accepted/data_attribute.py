# accepted: old school .data, nothing fancy
import torch
import torch.nn as nn

class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        nn.Module.__init__(self)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.Tensor(num_features))
        self.beta = nn.Parameter(torch.Tensor(num_features))
        self.gamma.data.fill_(1)
        self.beta.data.zero_()
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, input):
        if self.training == True:
            m = input.mean(0)
            v = ((input - m) ** 2).mean(0)
            # .data so that autograd does not follow us here
            self.running_mean.data = self.running_mean.data * (1 - self.momentum) + m.data * self.momentum
            self.running_var.data = self.running_var.data * (1 - self.momentum) + v.data * self.momentum
            out = (input - m) / (v + self.eps).sqrt()
        else:
            out = (input - self.running_mean) / (self.running_var + self.eps).sqrt()
        out = out * self.gamma + self.beta
        return out
