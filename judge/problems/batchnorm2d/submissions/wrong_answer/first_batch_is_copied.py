# expects: first_batch_initialises
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))
        self.register_buffer('initialized', torch.tensor(False))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=(0, 2, 3), keepdim=True)
            var = x.var(dim=(0, 2, 3), keepdim=True, unbiased=False)
            with torch.no_grad():
                if not self.initialized:
                    self.running_mean.copy_(mean.flatten())
                    self.running_var.copy_(var.flatten())
                    self.initialized.fill_(True)
                else:
                    self.running_mean.mul_(1 - self.momentum).add_(mean.flatten(), alpha=self.momentum)
                    self.running_var.mul_(1 - self.momentum).add_(var.flatten(), alpha=self.momentum)
        else:
            mean = self.running_mean[None, :, None, None]
            var = self.running_var[None, :, None, None]
        x_hat = (x - mean) / torch.sqrt(var + self.eps)
        return self.weight[None, :, None, None] * x_hat + self.bias[None, :, None, None]
