# verdicts: runtime_error
"""Right answers with further ones behind them."""

import judge.cell.answering as answering
import torch

pack = answering.pack_observed


def pack_more(observed):
    observed.tensors += [torch.zeros(3)] * 5
    return pack(observed)


answering.pack_observed = pack_more
