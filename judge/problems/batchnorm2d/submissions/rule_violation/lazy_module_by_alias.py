# expects: rule LazyBatchNorm2d
import torch.nn as N

Norm = N.LazyBatchNorm2d

class MyBatchNorm2d(N.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        kwargs = dict(eps=eps, momentum=momentum)
        self.body = Norm(**kwargs)
        import torch
        self.body.eval()(torch.zeros(1, num_features, 1, 1))
        self.body.train()
    def forward(self, x):
        return self.body(x)
