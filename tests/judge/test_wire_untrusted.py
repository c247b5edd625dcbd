"""Whatever bytes come out of a cell: the reader cuts or refuses them, and the judging ends in a verdict."""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from judge import evidence
from judge.cell import wire
from judge.cells import CellOutcome, Ended
from judge.comparing import Kind, distance, same
from judge.engine import Judge, _judged, _Stages
from judge.exam import Observation, Seen
from judge.problem import load
from judge.report import Report, Verdict
from judge.stock import Prepared, prepare_exam

kinds = st.sampled_from([*wire.Kind, 0, 5, 255])
indices = st.one_of(st.integers(0, 60), st.integers(0, 2**32 - 1))


def _tensor(code: int, shape: list[int], data: bytes) -> bytes:
    return struct.pack(f"<BB{len(shape)}I", code, len(shape), *shape) + data


tensors = st.builds(
    _tensor,
    st.integers(0, 255),
    st.lists(st.one_of(st.integers(0, 5), st.just(2**32 - 1)), max_size=9),
    st.binary(max_size=200),
)
plain_forms = st.tuples(st.integers(0, len(wire.DTYPES) - 1), st.lists(st.integers(0, 5), max_size=4))
plain_tensors = plain_forms.map(lambda form: _tensor(*form, _zeros(*form)))
errors = st.builds(wire.pack_error, st.text(max_size=30), st.integers(-1, 99), st.text(max_size=60), st.integers(0, 99))
results = st.builds(
    lambda status, count, parts: struct.pack("<BH", status, count) + b"".join(parts),
    st.integers(0, 4),
    st.integers(0, 70),
    st.lists(st.one_of(tensors, plain_tensors, errors), max_size=6),
)
whole_results = st.lists(plain_forms, max_size=6).map(
    lambda forms: (
        wire.pack_forms(wire.Status.OBSERVED, [wire.pack_form(*form) for form in forms])
        + b"".join(_zeros(*form) for form in forms)
    )
)
findings = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
payloads = st.one_of(st.binary(max_size=200), results, whole_results, errors, findings)
frames = st.tuples(st.sampled_from(list(map(int, wire.Kind))), indices, payloads)
byte_streams = st.one_of(
    st.binary(max_size=2000),
    st.lists(st.builds(wire.frame, kinds, indices, payloads), max_size=12).map(b"".join),
    st.builds(
        lambda data, at, change: data[:at] + change + data[at + len(change) :],
        st.lists(st.builds(wire.frame, kinds, indices, payloads), min_size=1, max_size=6).map(b"".join),
        st.integers(0, 400),
        st.binary(max_size=8),
    ),
)


def _zeros(code: int, shape: list[int]) -> bytes:
    return bytes(wire.ITEM_BYTES[code] * _product(shape))


def _product(shape: Iterable[int]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def _read(data: bytes, cuts: list[int]) -> tuple[list[tuple[int, int, bytes]], bool]:
    """The frames of a stream cut into pieces there, and whether it was refused."""
    reader, found = wire.FrameReader(), list[tuple[int, int, bytes]]()
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    try:
        for start, end in itertools.pairwise(edges):
            found += reader.feed(data[start:end])
            assert reader.pending <= wire.HEADER.size + wire.MAX_PAYLOAD_BYTES
    except wire.Malformed:
        return found, True
    return found, False


@given(byte_streams, st.lists(st.integers(0, 3000), max_size=8))
def test_a_stream_reads_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    assert _read(data, cuts) == _read(data, [])


@given(st.lists(frames, max_size=10))
def test_well_formed_frames_come_back_whole(sent: list[tuple[int, int, bytes]]) -> None:
    assert _read(b"".join(wire.frame(*one) for one in sent), []) == (sent, False)


@given(st.binary(min_size=16, max_size=64))
def test_what_is_no_header_is_refused_at_once(data: bytes) -> None:
    if not data.startswith(wire.MAGIC):
        assert _read(data, []) == ([], True)


@pytest.mark.parametrize("length", [wire.MAX_PAYLOAD_BYTES + 1, 2**31, 2**32 - 1])
def test_a_payload_over_the_cap_is_refused_before_it_is_sent(length: int) -> None:
    header = wire.HEADER.pack(wire.MAGIC, wire.Kind.SCENARIO, 0, length)
    assert _read(header, []) == ([], True)


def test_a_reader_takes_only_so_many_frames_and_bytes() -> None:
    one = wire.frame(wire.Kind.SCENARIO, 0, b"")
    found, refused = _read(one * (wire.MAX_FRAMES + 1), [])
    assert (len(found), refused) == (wire.MAX_FRAMES, True)
    reader, large = wire.FrameReader(), wire.frame(wire.Kind.SCENARIO, 0, bytes(wire.MAX_PAYLOAD_BYTES))
    for _ in range(wire.MAX_CHANNEL_BYTES // len(large)):
        list(reader.feed(large))
    with pytest.raises(wire.Malformed):
        list(reader.feed(large))


@given(st.one_of(payloads, st.binary(max_size=3000)))
def test_a_payload_is_read_or_refused(payload: bytes) -> None:
    for read in (wire.read_result, wire.read_error):
        try:
            read(payload)
        except wire.Malformed:
            continue


@given(whole_results)
def test_a_tensor_has_exactly_the_bytes_its_sizes_ask_for(payload: bytes) -> None:
    for tensor in wire.read_result(payload).observations:
        size = wire.ITEM_BYTES[wire.DTYPES.index(tensor.dtype)]
        assert len(tensor.data) == size * _product(tensor.shape)


@pytest.fixture(scope="module", params=["batchnorm1d", "batchnorm2d"])
def prepared(request: pytest.FixtureRequest) -> Prepared:
    return prepare_exam(load(request.param), "cpu", seed=1, samples=False)


DEEP_JSON = b"[" * 200_000


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(frames, max_size=12), st.sampled_from(list(Ended)), st.binary(max_size=50))
@example([(wire.Kind.LOOKED, 0, DEEP_JSON)], Ended.FINISHED, b"")
@example([(wire.Kind.NORMS, 0, b"9" * 5000)], Ended.FINISHED, b"\xff\x00")
@example([(wire.Kind.SCENARIO, 2**32 - 1, b"\0\0\0")], Ended.FINISHED, b"")
@example([(wire.Kind.SCENARIO, index, b"\0\0\0") for index in range(60)], Ended.FINISHED, b"")
def test_any_frames_end_in_a_verdict_that_is_not_accepted(
    prepared: Prepared, sent: list[tuple[int, int, bytes]], ended: Ended, output: bytes
) -> None:
    outcome = CellOutcome(
        frames=tuple({(kind, index): (kind, index, payload) for kind, index, payload in reversed(sent)}.values()),
        ended=ended,
        exit_code=None,
        signal=None,
        stdout=output,
        stderr=output,
        wall_ms=1.0,
        cpu_ms=1.0,
        peak_memory_bytes=1,
    )
    report = Judge.name(_judged(prepared, outcome, prepared.exam.problem.accept, "cpu", _Stages()))
    assert report.verdict not in (Verdict.ACCEPTED, Verdict.JUDGE_ERROR)
    json.dumps(report.to_dict(), allow_nan=False)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(report)), Report).verdict == report.verdict


def _outcome(frames: list[tuple[int, int, bytes]]) -> CellOutcome:
    return CellOutcome(tuple(frames), Ended.FINISHED, None, None, b"", b"", 1.0, 1.0, 1)


def _findings(prepared: Prepared, norms: bytes) -> evidence.Evidence:
    return evidence.read(prepared.key, _outcome([(wire.Kind.NORMS, 0, norms)]))


def test_frames_out_of_the_drivers_order_are_nobodys_answer(prepared: Prepared) -> None:
    early = [(wire.Kind.NORMS, 0, b"[]"), (wire.Kind.SCENARIO, 0, b"\0\0\0")]
    found = evidence.read(prepared.key, _outcome(early))
    assert found.error is not None
    assert "the judge's channel" in found.error.message
    assert set(found.transcript) == {None}


def test_more_observations_than_the_steps_make_are_refused(prepared: Prepared) -> None:
    for more, expected in ((0, True), (1, False)):
        count = len(prepared.key.labels[0]) + more
        payload = struct.pack("<BH", 0, count) + bytes((wire.ABSENT, 0)) * count
        found = evidence.read(prepared.key, _outcome([(wire.Kind.SCENARIO, 0, payload)]))
        assert (found.transcript[0] is not None) is expected


@pytest.mark.parametrize(
    "norms",
    [
        b"[" + b",".join([b'["",0]'] * 1_000_000) + b"]",
        b"[[[[1]], 1]]",
        b'[[{"a": 1}, 1]]',
        b"[[null, null]]",
        b"[" * 4_000_000,
    ],
)
def test_findings_without_end_or_name_are_refused(prepared: Prepared, norms: bytes) -> None:
    assert _findings(prepared, norms).findings == ()


def test_half_a_surrogate_pair_in_a_finding_can_be_stored(prepared: Prepared) -> None:
    [finding] = _findings(prepared, b'[["\\ud800 batch_norm", 3]]').findings
    assert finding.name.encode() == b"? batch_norm"


@pytest.mark.parametrize("line", [b"true", b"1e3", b"NaN", b"-1", b"[]", b'"3"', b"1000000"])
def test_a_line_that_is_no_line_is_left_out(prepared: Prepared, line: bytes) -> None:
    [finding] = _findings(prepared, b'[["batch_norm", ' + line + b"]]").findings
    assert finding.line is None


@pytest.mark.parametrize(("name", "message"), [(wire.MAX_NAME_BYTES + 1, 0), (0, wire.MAX_MESSAGE_BYTES + 1)])
def test_words_longer_than_the_driver_sends_are_refused(name: int, message: int) -> None:
    words = struct.pack("<H", name) + b"x" * name + struct.pack("<H", message) + b"x" * message
    with pytest.raises(wire.Malformed):
        wire.read_error(struct.pack("<iH", 1, 0) + words)


def test_whole_numbers_at_the_ends_of_their_range_are_not_taken_for_equal() -> None:
    expected, forged = (
        Seen((Observation("parameters.sizes", "int64", np.array([value], np.int64)),)) for value in (5, 5 - 2**63)
    )
    difference = same(expected, forged, [0.5])
    assert difference is not None
    assert difference.kind is Kind.VALUE
    assert distance(expected, forged, [0.5]) > 1
