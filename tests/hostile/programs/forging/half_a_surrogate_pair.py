# verdicts: rule_violation, runtime_error
"""A name that JSON can hold and no database can."""

import json

import judge.cell.answering as answering


class Forger:
    loads = json.loads

    @staticmethod
    def dumps(value):
        return Forged()


class Forged:
    def encode(self):
        return b'[["\\ud800\\u0000", 3]]'


answering.json = Forger
