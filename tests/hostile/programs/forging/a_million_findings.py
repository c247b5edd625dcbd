# verdicts: rule_violation, runtime_error
"""Findings that are small as bytes and large as objects."""

import json

import judge.cell.answering as answering


class Forger:
    loads = json.loads

    @staticmethod
    def dumps(value):
        return Forged()


class Forged:
    def encode(self):
        return b"[" + b",".join([b'["",0]'] * 1_000_000) + b"]"


answering.json = Forger
