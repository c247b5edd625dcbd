# verdicts: accepted, wrong_answer, runtime_error, time_limit
"""Leaves on what changes every later operation of the driver, and never takes it off."""

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


class Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


class Function(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


Dispatch().__enter__()
Function().__enter__()
torch.inference_mode().__enter__()
