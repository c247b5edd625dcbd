# accepted: star import of torch.nn (which brings the built-ins along), a built-in used for comparison while the file is imported
from torch import allclose, no_grad, ones, randn, zeros
from torch.nn import *


class MyBatchNorm2d(Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = Parameter(ones(num_features))
        self.beta = Parameter(zeros(num_features))
        self.register_buffer("running_mean", zeros(num_features))
        self.register_buffer("running_var", ones(num_features))

    def forward(self, x):
        N, C, H, W = x.size()
        M = N * H * W
        def row(v): return v.reshape(1, C, 1, 1)
        if self.training:
            mean = x.sum([0, 2, 3]).div(M)
            var = x.sub(row(mean)).pow(2).sum([0, 2, 3]).div(M)
            with no_grad():
                self.running_mean = self.running_mean.mul(1 - self.momentum).add(mean.mul(self.momentum))
                self.running_var = self.running_var.mul(1 - self.momentum).add(var.mul(M / max(M - 1, 1)).mul(self.momentum))
        else:
            mean, var = self.running_mean, self.running_var
        return x.sub(row(mean)).div(row(var.add(self.eps).sqrt())).mul(row(self.gamma)).add(row(self.beta))


ours, theirs = MyBatchNorm2d(4), BatchNorm2d(4)
for _ in "abc":
    probe = randn(3, 4, 2, 2)
    assert allclose(ours(probe), theirs(probe), atol=1e-5), "training differs"
assert allclose(ours.eval()(probe), theirs.eval()(probe), atol=1e-5), "evaluation differs"
