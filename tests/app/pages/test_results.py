"""What a candidate sees of an exam that ended before its last check."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from app.models import Judging, Kind, State, Submission, now
from app.models import Report as StoredReport
from app.pages.results import Result, result_of
from app.pages.review import parts
from app.pages.shell import environment
from app.schemas import public_report
from judge.report import CheckResult, CheckStatus, GroupResult, Raise, Report, Text
from judge.words import FOLLOWS
from tests.app.reports import make_report

HINT: Text = {"en": "Look again at momentum."}
NOT_EXAMINED: Text = {"en": "Not examined."}


def cut_short(first: CheckStatus, *rest: CheckStatus) -> Report:
    """A report of two groups: the first has one check, the second the others."""
    checks = [CheckResult(f"b.{place}", "b", status, 0, 1, NOT_EXAMINED, {}) for place, status in enumerate(rest)]
    passed = rest.count(CheckStatus.PASSED)
    return replace(
        make_report(),
        groups=(
            GroupResult("a", {"en": "A"}, 1, 1, int(first is CheckStatus.PASSED), 1, HINT),
            GroupResult("b", {"en": "B"}, passed, len(rest), passed, len(rest), HINT),
        ),
        checks=(CheckResult("a.0", "a", first, 1, 1, NOT_EXAMINED, {}), *checks),
    )


def shown(report: Report, kind: Kind = Kind.SUBMIT) -> Result:
    submission = Submission(id=1, problem="batchnorm1d", kind=kind, code="x = 1", created_at=now())
    judging = Judging(state=State.DONE, verdict=report.verdict, score=report.score)
    judging.report = StoredReport(body=msgspec.json.encode(report).decode())
    return result_of(submission, judging, 1)


def test_a_group_is_whole_or_says_what_grading_says_of_it() -> None:
    whole, missed = shown(cut_short(CheckStatus.PASSED, CheckStatus.NOT_RUN)).groups
    assert (whole.whole, whole.examined, whole.message) == (True, True, None)
    assert (missed.whole, missed.examined, missed.message) == (False, False, HINT)


def test_code_that_ended_before_the_first_check_shows_no_groups() -> None:
    assert shown(cut_short(CheckStatus.NOT_RUN, CheckStatus.NOT_RUN)).groups == []


def test_one_mistake_behind_two_groups_gets_one_hint_and_no_name() -> None:
    report = cut_short(CheckStatus.FAILED, CheckStatus.PASSED, CheckStatus.FAILED)
    named = report.diagnoses[0]
    whole = replace(report, diagnoses=(replace(named, explains=("a.0", "b.1")),))
    assert [group.message for group in shown(whole).groups] == [HINT, FOLLOWS]
    part = replace(report, diagnoses=(replace(named, explains=("a.0",)),))
    assert [group.message for group in shown(part).groups] == [HINT, HINT]
    assert [group.message for group in shown(replace(report, diagnoses=())).groups] == [HINT, HINT]


def test_a_small_amount_of_memory_is_not_told_as_none() -> None:
    show = environment("en").filters["mebibytes"]
    assert [show(value) for value in (None, 524288, 3 * 2**20)] == ["–", "0.5 MiB", "3.0 MiB"]


def test_a_report_of_one_language_is_still_read() -> None:
    """Checks and samples were told in English alone once, and stored so."""
    stored = make_report().to_dict()
    stored["checks"][0]["staff_detail"] = "expected 0.25"
    stored["samples"][0]["expected"] = stored["samples"][0]["actual"] = "1"
    read = Report.from_json(msgspec.json.encode(stored).decode())
    assert read.checks[0].staff_detail == {"en": "expected 0.25"}
    assert (read.samples[0].expected, read.samples[0].actual) == ({"en": "1"}, {"en": "1"})


def test_a_sample_that_follows_from_another_lies_folded() -> None:
    first = make_report().samples[0]
    report = replace(make_report(), samples=(first, replace(first, follows="s1"), first))
    assert [card.open for card in shown(report, Kind.RUN).samples] == [True, False, True]


def test_interviewers_read_what_follows_from_what_as_candidates_do() -> None:
    failed = CheckResult("a.0", "a", CheckStatus.ERROR, 0, 1, HINT, {"en": "KeyError"})
    follows = replace(failed, id="b.0", group="b", follows="a.0")
    named = replace(make_report().diagnoses[0], explains=("a.0", "b.0"))
    report = replace(
        make_report(),
        groups=tuple(GroupResult(name, {"en": name}, 0, 1, 0, 1, HINT) for name in "ab"),
        checks=(failed, follows),
        diagnoses=(named,),
    )
    assert [(part.failed, part.told) for part in parts(report)] == [(True, HINT), (False, HINT)]
    assert [group.message for group in shown(report).groups] == [part.told for part in parts(report)]


def test_the_kind_of_an_exception_is_for_the_interview() -> None:
    question: Text = {"en": "Where is this name given its value?"}
    report = replace(make_report(), raised=Raise("missing_name", HINT, question, ("a.0",)))
    assert Report.from_json(msgspec.json.encode(report).decode()).raised == report.raised
    for kind in Kind:
        assert question["en"] not in str(public_report(report, kind))
