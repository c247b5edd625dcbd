# accepted: the full torch.nn signature: affine, track_running_stats, device, dtype
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
    ):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = nn.Parameter(torch.ones(num_features, **factory))
            self.bias = nn.Parameter(torch.zeros(num_features, **factory))
        else:
            self.register_parameter("weight", None)
            self.register_parameter("bias", None)
        if track_running_stats:
            self.register_buffer("running_mean", torch.zeros(num_features, **factory))
            self.register_buffer("running_var", torch.ones(num_features, **factory))
            self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.int64, device=device))
        else:
            self.running_mean = self.running_var = self.num_batches_tracked = None

    def forward(self, x):
        use_batch = self.training or self.running_mean is None
        if use_batch:
            var, mean = torch.var_mean(x, dim=0, unbiased=False)
            if self.running_mean is not None:
                with torch.no_grad():
                    self.num_batches_tracked.add_(1)
                    rate = self.momentum if self.momentum is not None else 1.0 / self.num_batches_tracked.item()
                    self.running_mean.mul_(1 - rate).add_(mean, alpha=rate)
                    self.running_var.mul_(1 - rate).add_(var, alpha=rate)
        else:
            mean, var = self.running_mean, self.running_var
        y = (x - mean) / (var + self.eps).sqrt()
        if self.affine:
            y = self.weight * y + self.bias
        return y
