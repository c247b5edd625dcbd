# verdicts: rule_violation, runtime_error
"""A line that is a number to Python and none to a reader of JSON."""

import json

import judge.cell.answering as answering


class Forger:
    loads = json.loads

    @staticmethod
    def dumps(value):
        return Forged()


class Forged:
    def encode(self):
        return b'[["x", true]]'


answering.json = Forger
