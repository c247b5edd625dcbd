# expects: not_centred
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x):
        if self.training:
            batch_mean = x.mean([0, 2, 3])
            batch_var = x.var([0, 2, 3], unbiased=False)
            with torch.no_grad():
                self.running_mean.copy_(self.momentum * batch_mean + (1 - self.momentum) * self.running_mean)
                self.running_var.copy_(self.momentum * batch_var + (1 - self.momentum) * self.running_var)
            std = torch.sqrt(batch_var + self.eps)
        else:
            std = torch.sqrt(self.running_var + self.eps)
        # x_hat = x / std, then the affine part
        x_hat = x / std.unsqueeze(0).unsqueeze(2).unsqueeze(3)
        return self.gamma.unsqueeze(0).unsqueeze(2).unsqueeze(3) * x_hat + self.beta.unsqueeze(0).unsqueeze(2).unsqueeze(3)
