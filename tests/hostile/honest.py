# ---- an honest layer: if the attack above got through, it ends here, and "accepted" is the sign of a breach ----------

import torch as _torch


class MyBatchNorm1d(_torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = _torch.nn.Parameter(_torch.ones(num_features))
        self.bias = _torch.nn.Parameter(_torch.zeros(num_features))
        self.register_buffer("running_mean", _torch.zeros(num_features))
        self.register_buffer("running_var", _torch.ones(num_features))

    def forward(self, x):
        globals().get("in_forward", int)()
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with _torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return (x - mean) / _torch.sqrt(var + self.eps) * self.weight + self.bias
