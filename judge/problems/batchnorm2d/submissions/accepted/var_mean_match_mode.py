# accepted: torch.var_mean, match on the mode, torch.nn's unbiased running variance
from torch import Tensor, no_grad, nn, ones, rsqrt, var_mean, zeros


class MyBatchNorm2d(nn.Module):
    REDUCED = (0, 2, 3)

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = nn.Parameter(ones(num_features)), nn.Parameter(zeros(num_features))
        self.register_buffer("running_mean", zeros(num_features))
        self.register_buffer("running_var", ones(num_features))

    def forward(self, input: Tensor) -> Tensor:
        match self.training:
            case True:
                var, mean = var_mean(input, dim=self.REDUCED, correction=0)
                self._remember(mean, var, count=input.numel() // input.size(1))
            case _:
                var, mean = self.running_var, self.running_mean
        mean, inv, w, b = (t[None, :, None, None] for t in (mean, rsqrt(var + self.eps), self.weight, self.bias))
        return (input - mean) * inv * w + b

    @no_grad()
    def _remember(self, mean: Tensor, var: Tensor, count: int) -> None:
        if count > 1:
            var = var * count / (count - 1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var, self.momentum)
