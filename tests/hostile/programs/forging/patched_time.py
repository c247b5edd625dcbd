# verdicts: time_limit
"""Stops the clocks, so that no limit is ever reached, and loops."""

import torch

import time

time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
while True:
    pass


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return x * 0
