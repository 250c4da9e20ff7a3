"""A: work that was done, counted as if it were what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.load.rules.language import NUMBER_WORDS, Word, phrases, phrases_in, stems, words_of
from kpi_pipeline.load.rules.measured import is_measured
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.project import Project

WORK = stems(
    "call meeting workshop session training article blog newsletter email mailing visit inspection audit campaign "
    "event interview report presentation demo demonstration webinar pitch proposal flyer brochure leaflet tweet "
    "release briefing talk seminar conference tour observation review evening tasting paper publication podcast video "
    "drill exercise assessment fair stall roadshow update story lesson consultation check policy procedure "
    "hackathon retrospective experiment pilot lecture patrol documentation guideline roadmap playbook memo invitation "
    "debrief walkthrough screening rehearsal follow-up followup huddle standup offsite"
)
"""Things that people do in order to bring something about, and that can be counted while nothing comes of them."""
OWN_WORK = phrases(
    "workshop, webinar, blog post, press release, cold call, sales call, sales visit, customer visit, client visit,"
    "site visit, client meeting, customer meeting, one to one,"
    "training session, training course,"
    "coaching session, toolbox talk, team meeting, open day, social media post, newsletter, roadshow, one on one,"
    "town hall, lunch and learn, safety walk, gemba walk, ride along, stand up meeting, all hands, awareness day"
)
"""Work of one's own even where nothing is said of doing it: workshops a quarter."""
NAMED_WORK = phrases(
    "line of code, pull request, case study, white paper, business case, training hour, coaching hour, test case,"
    "impact assessment, action plan, cold approach, follow up, door knock, status report, user story"
)
"""Work with a name of several words: lines of code written."""
DOING = stems(
    "hold make conduct complete deliver organise host run carry perform give attend post publish write send issue "
    "submit schedule arrange do undertake execute launch facilitate draft prepare present create produce distribute "
    "circulate stage review update file log place share film record upload hand draw compile"
)
DONE = frozenset({"held", "made", "sent", "given", "written", "run", "done", "led", "undertaken"})
ALWAYS_WORK = stems("publish post attend")
"""What is work whatever it is done to."""
TASKS = frozenset({
    "implement", "create", "redesign", "introduce", "renegotiate", "establish", "organise", "organize", "develop",
    "prepare",
})  # fmt: skip
"""Verbs that make a task of a name that begins with them."""
TASKS_WITH_OBJECT = frozenset({
    "launch", "train", "run", "build", "review", "test", "hold", "hire", "write", "publish", "conduct", "install",
    "update", "migrate", "set", "plan", "host",
})  # fmt: skip
"""Verbs that are nouns as well, launch delay and run rate; behind them the, a or our makes a task of the name."""
PROJECTS = frozenset({
    "implement", "redesign", "introduce", "renegotiate", "prepare", "deploy", "finalise", "finalize", "pilot", "draft",
    "rebrand", "procure", "commission", "digitise", "digitize", "document", "appoint",
    "redevelop", "restructure", "refurbish", "renovate", "reorganise", "reorganize",
})  # fmt: skip
"""Verbs that make a task of a statement that begins with them: it is done one day, whatever came of it."""
PROJECTS_WITH_OBJECT = frozenset({
    "launch", "migrate", "install", "write", "publish", "update", "finish", "test", "plan", "review", "rewrite",
    "replace", "relaunch", "release", "adopt", "conduct", "purchase",
})  # fmt: skip
"""The same where the, a or our and no measure stands behind them: launch the app by June."""
PROJECTS_OF_TWO = phrases(
    "roll out, set up, put in place, kick off, go live with, draw up, carry out, stand up, sign off"
)
TURNING_TO = stems(
    "visit call phone telephone contact email mail train coach interview brief audit inspect canvass knock ring dial "
    "approach mentor onboard screen survey"
)
"""What is done to people or places: with a number behind it, it is a quota."""
_TURNING = stems("knock call speak talk meet follow reach check")
_TOWARDS = frozenset({"on", "to", "with", "up", "out", "in"})
"""Turning to somebody in several words: knock on 60 doors, reach out to 30 churches."""
POSTS = phrases("blog post, media post, instagram post, facebook post, linkedin post, forum post, job post")
SHARES = stems("share rate percentage proportion ratio percent compliance")
_NUMBERS = NUMBER_WORDS | stems("one")
_BETWEEN = stems("a an the at least most more than up to about around some our new own further another of")
_ARTICLES = stems("a an the our all every")
_EACH = stems("per a an each every by")
_ASKED = stems("to we will must shall should and can")
_ADVERBS = stems("out successfully personally online")
_STOPS = stems("of for with on in from by at that which who and or to before after until during is are be within among")


def _look(project: Project) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        is_share = project.metrics[kpi.metric].unit is Unit.percent
        if kpi.counts == "result" and not is_share and is_activity(words_of(kpi.title)):
            yield Remark(
                "kpis",
                kpi,
                f"KPI '{kpi.name}' counts work that is done: '{kpi.title}'.",
                "measure what should come of it; if the work itself is worth watching, say counts: activity, and put "
                "the result beside it",
                "label",
            )
    above = {goal.parent for goal in project.goals.values()}
    for goal in project.goals.values():
        kpis = project.kpis_of(goal.name)
        if asks_for_work(words_of(goal.statement)):
            yield Remark(
                "goals",
                goal,
                f"Goal '{goal.name}' asks for a number of things to be done: '{goal.statement}'.",
                "say what should come of it; how often something has to be done for that is for the team to find out",
                "statement",
            )
        elif goal.name not in above and _only_activity(kpis):
            yield Remark(
                "goals",
                goal,
                f"Goal '{goal.name}' has only KPIs that count activity: {', '.join(kpi.name for kpi in kpis)}.",
                "add a KPI of the result that the activity is to bring about",
            )


def _only_activity(kpis: Sequence[Kpi]) -> bool:
    return bool(kpis) and all(kpi.counts == "activity" for kpi in kpis)


def is_activity(words: Sequence[Word]) -> bool:
    """Whether the name of a KPI says that work is counted.

    >>> [is_activity(words_of(text)) for text in ("Complete 20 calls", "Meetings held", "Workshops per quarter")]
    [True, True, True]
    >>> [is_activity(words_of(text)) for text in ("Complete orders share", "Calls answered", "Newsletter subscribers")]
    [False, False, False]
    """
    if any(word.stem in SHARES or word.unit == "%" for word in words):
        return False
    return is_quota(words) or _is_done(words) or _begins_with_doing(words) or _is_own_work(words) or _is_a_task(words)


def asks_for_work(words: Sequence[Word]) -> bool:
    """Whether a statement asks for work to be done, not for what should come of it.

    >>> [asks_for_work(words_of(text)) for text in ("Hold forty meetings", "Hold calls under two minutes")]
    [True, False]
    >>> [asks_for_work(words_of(text)) for text in ("Roll out the app", "Roll out dough within a minute")]
    [True, False]
    """
    return is_quota(words) or ((_begins_with_doing(words) or _is_a_project(words)) and not is_measured(words))


def is_quota(words: Sequence[Word]) -> bool:
    """Whether a sentence asks for work by number: hold forty meetings, visit 30 customers.

    >>> is_quota(words_of("Advisers make at least 40 calls a day")), is_quota(words_of("Make 4,000 loaves a day"))
    (True, False)
    """
    for at, word in enumerate(words):
        if word.is_mark or word.text.endswith("ed"):
            continue
        asked = at == 0 or words[at - 1].stem in _ASKED
        if asked and _turns_to_a_number(words, at):
            return True
        counted = _after(words, at)
        if counted is None:
            continue
        if word.stem in TURNING_TO and asked and len(words) > counted:
            return True
        if word.stem in ALWAYS_WORK and asked:
            return True
        if word.stem in DOING and _work_within(words, counted, counted + 4):
            return True
    return False


def _turns_to_a_number(words: Sequence[Word], at: int) -> bool:
    """Knock on 60 doors, reach out to 30 former donors."""
    behind = next((i for i in range(at + 1, len(words)) if words[i].text not in _TOWARDS), at + 1)
    if words[at].stem not in _TURNING or words[at].text.endswith("s") or behind == at + 1:
        return False
    counted = _after(words, behind - 1)
    return counted is not None and len(words) > counted


def _is_a_project(words: Sequence[Word]) -> bool:
    """Roll out the new till, introduce meters: a statement that is settled by doing it."""
    if len(words) < 2:
        return False
    first, second = words[0].text, words[1].stem
    if any(start == 0 for start, _ in phrases_in(words, PROJECTS_OF_TWO)):
        return True
    return first in PROJECTS or (first in PROJECTS_WITH_OBJECT and second in _ARTICLES)


def _is_a_task(words: Sequence[Word]) -> bool:
    """Launch the new website, implement a CRM: something to do, which is done or not."""
    if len(words) < 2:
        return False
    first, second = words[0], words[1]
    return first.text in TASKS or (first.text in TASKS_WITH_OBJECT and second.stem in _ARTICLES)


def _after(words: Sequence[Word], at: int) -> int | None:
    """Where what is counted begins: behind a number without a unit that follows a verb."""
    for position in range(at + 1, min(at + 6, len(words))):
        word = words[position]
        if word.is_number or word.stem in _NUMBERS:
            return None if word.unit else position + 1
        if word.stem not in _BETWEEN:
            return None
    return None


def _work_within(words: Sequence[Word], start: int, end: int) -> bool:
    """Whether work is the first thing named there, and not what only describes it: newsletter subscribers."""
    posts = {last - 1 for _, last in phrases_in(words, POSTS)}
    named = {first for first, _ in phrases_in(words, OWN_WORK | NAMED_WORK)}
    for position in range(start, min(end, len(words))):
        word = words[position]
        if position in named:
            return True
        if word.is_mark or word.stem in _STOPS:
            return False
        follows = words[position + 1] if position + 1 < len(words) else None
        if (word.stem in WORK or position in posts) and (
            follows is None or follows.is_mark or follows.stem in _STOPS | _EACH
        ):
            return True
    return False


def _is_done(words: Sequence[Word]) -> bool:
    """Work, and behind it that it was done: meetings held, training sessions delivered."""
    posts = {last - 1 for _, last in phrases_in(words, POSTS | OWN_WORK | NAMED_WORK)}
    for at, word in enumerate(words[:-1]):
        if word.stem not in WORK and at not in posts:
            continue
        behind = words[at + 1 : at + 3]
        verb = behind[0] if behind[0].stem not in _ADVERBS or len(behind) < 2 else behind[1]
        if verb.stem in DOING and (verb.text.endswith("ed") or verb.text in DONE):
            return True
    return False


def _begins_with_doing(words: Sequence[Word]) -> bool:
    """Holding team meetings, publish articles: the name begins with the doing."""
    first = words[0] if words else None
    if (
        first is None
        or first.stem not in DOING
        or first.text.endswith(("ed", "s"))
        or (first.text == "complete" and (len(words) < 2 or words[1].stem not in _ARTICLES))
    ):
        return False
    return _work_within(words, 1, 9)


def _is_own_work(words: Sequence[Word]) -> bool:
    """Number of workshops, cold calls per day: nothing but the work and how it is counted."""
    counted = 2 if [word.stem for word in words[:2]] == ["number", "of"] else 0
    for start, end in phrases_in(words, OWN_WORK | POSTS):
        follows = words[end] if end < len(words) else None
        if start <= counted + 1 and (follows is None or follows.stem in _EACH):
            return True
    return False


ACTIVITY = Rule(
    "A",
    "warning",
    "an activity or quota sold as a result",
    _look,
    reason="Calls, meetings and posts can be made in any number without anything coming of them. Counted as a result, "
    "they are made for the count, and the time for what helps is gone.",
    bad=Example("kpis:\n  - {name: calls, label: Make 20 calls a day, metric: orders}"),
    good=Example("kpis:\n  - {name: won_back, label: Customers who ordered again after a call, metric: orders}"),
)
