# accepted: Welford's recurrence over image rows, comments with words that look forbidden
import torch
import torch.nn as nn


class BatchNorm(nn.Module):
    """Our own helper; it only shares its name with nn.BatchNorm2d. No F.batch_norm, no torch.native_batch_norm."""

    pass


class MyBatchNorm2d(BatchNorm):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.register_parameter("gamma", nn.Parameter(torch.ones(num_features)))
        self.register_parameter("beta", nn.Parameter(torch.zeros(num_features)))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def _stream(self, x):
        """Feed the rows of all images one after another, as if they came from a stream."""
        mean = m2 = None
        seen = 0
        for row in x.permute(2, 1, 0, 3).flatten(2):        # H times [C, N*W]
            k = row.size(1)
            try:
                delta = row - mean[:, None]
            except TypeError:                               # the first row has no mean before it
                mean = row.mean(1)
                m2 = (row - mean[:, None]).pow(2).sum(1)
                seen = k
                continue
            seen += k
            step = delta.sum(1) / seen
            m2 = m2 + (delta * (row - (mean + step)[:, None])).sum(1)
            mean = mean + step
        return mean, m2 / seen

    def forward(self, x):
        if self.training:
            mean, var = self._stream(x)
            with torch.no_grad():
                torch._foreach_lerp_([self.running_mean, self.running_var], [mean, var], self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        y = x.transpose(1, 3)                               # [N, W, H, C]: plain broadcasting from the right
        y = (y - mean) / torch.sqrt(var + self.eps) * self.gamma + self.beta
        return y.transpose(1, 3)
