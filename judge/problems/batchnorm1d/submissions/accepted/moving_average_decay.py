# accepted: TensorFlow habits (moving_mean, decay), unbiased running variance
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.epsilon = eps
        self.decay = 1.0 - momentum     # what Keras calls momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("moving_mean", torch.zeros(num_features))
        self.register_buffer("moving_variance", torch.ones(num_features))

    def assign_moving_average(self, variable, value):
        # variable -= (variable - value) * (1 - decay)
        with torch.no_grad():
            variable.sub_((variable - value) * (1.0 - self.decay))

    def call(self, inputs, training):
        if training:
            mean = torch.mean(inputs, 0)
            variance = torch.mean(torch.square(inputs - mean.detach()), 0) - torch.square(mean - mean.detach())
            size = inputs.shape[0]
            self.assign_moving_average(self.moving_mean, mean)
            self.assign_moving_average(self.moving_variance, variance * (size / max(size - 1, 1)))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        inv = torch.rsqrt(variance + self.epsilon) * self.gamma
        return (inputs - mean) * inv + self.beta

    def forward(self, inputs):
        return self.call(inputs, self.training)
