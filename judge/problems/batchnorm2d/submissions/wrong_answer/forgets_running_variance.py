# expects: running_mean_only
import torch
import torch.nn as nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps=eps
        self.momentum=momentum
        self.gamma=nn.Parameter(torch.ones(num_features))
        self.beta=nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running_mean',torch.zeros(num_features))
        self.register_buffer('running_var',torch.ones(num_features))

    def forward(self,x):
        if self.training:
            mu=x.mean(dim=(0,2,3))
            var=x.var(dim=(0,2,3),unbiased=False)
            with torch.no_grad():
                self.running_mean=self.momentum*mu+(1-self.momentum)*self.running_mean
                # TODO the same for the variance
        else:
            mu,var=self.running_mean,self.running_var
        xhat=(x-mu.reshape(1,-1,1,1))/torch.sqrt(var.reshape(1,-1,1,1)+self.eps)
        return self.gamma.reshape(1,-1,1,1)*xhat+self.beta.reshape(1,-1,1,1)
