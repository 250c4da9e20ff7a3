"""W: words that nobody can find true or false, in statements of goals and names of KPIs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.goals import Goal
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.load.rules.language import Word, phrases, phrases_in, stems, words_of
from kpi_pipeline.load.rules.measured import is_measured
from kpi_pipeline.project import Project

HOLLOW = phrases(
    "effective, effectivity, optimise, optimal, optimum, streamline, synergy, synergistic, leverage, robust, seamless,"
    "world class, best practice, best in class, best of breed, state of the art, cutting edge, leading edge,"
    "first class, first rate, top notch, high quality, top quality, excellent, excellence, innovative, holistic,"
    "proactive, outstanding service, outstanding quality, outstanding care, outstanding support, outstanding results,"
    "value added, added value, thought leader, thought leadership, game changer, next level, raise awareness,"
    "impactful, move the needle, low hanging fruit, customer centric, customer centricity, user centric,"
    "citizen centric, patient centric, people centric, data driven, future proof, future ready, fit for purpose,"
    "user friendly, build capacity, capacity building, strengthen capacity, increase capacity, enhance capacity,"
    "develop capacity, develop capability, build capability"
)
"""Words that stay hollow whatever they are said of, in a statement as in the name of a KPI."""
LOOSE = phrases(
    "timely, appropriate, adequate, efficient, efficiency, sustainable, sustainability, meaningful, resilient,"
    "resilience, empower, foster, harness, superior, superb, great, smarter, scalable, agile, agility, modernise,"
    "transform, maximise, minimise, utmost, as soon as possible, where possible, as needed, go the extra mile,"
    "professionalise, revitalise"
)
"""Words that say nothing in a statement, but have their uses in names: efficiency is a number of an engine."""
COMPARED = phrases("improve, enhance, better, strengthen, upgrade, boost, elevate")
"""Words that compare with something: they are fine where a number or a KPI of the goal says with what."""
TERMS = phrases(
    "effective tax, effective interest, effective rate, effective date, effective annual, effective dose,"
    "effective temperature, cost effectiveness, equipment effectiveness, vaccine effectiveness, leverage ratio,"
    "operating leverage, financial leverage, debt leverage, net leverage, search engine optimisation,"
    "best practice tariff, energy efficiency, fuel efficiency, improved water, improved sanitation, improved seed,"
    "great britain, sustainable development goal, resilience test, high quality liquid assets, first class mail,"
    "first class post, first class ticket, first class letter, first class stamp, optimum temperature"
)
"""Terms of a trade that hold such a word and can be measured."""
MEASURES = stems(
    "ratio rate index score share percentage utilisation audit survey factor certificate coefficient tariff"
)
"""Nouns that make a measure of the words before them: an excellence score is a number that somebody counts."""
_SAYS_NOTHING = stems(
    "a an and all at as across be by for from has have in into is it its more most new no not of on or our out over "
    "per that the their this throughout to we who whole with within every each any full fully team"
)


def _look(project: Project) -> Iterator[Remark]:
    for goal in project.goals.values():
        kpis = [kpi for kpi in project.kpis.values() if any(share.goal == goal.name for share in kpi.serves)]
        yield from _of_goal(goal, kpis, project)
    for kpi in project.kpis.values():
        words = words_of(kpi.title)
        for text in _found(words, HOLLOW):
            if not _is_of_a_measure(words):
                yield Remark(
                    "kpis",
                    kpi,
                    f"KPI '{kpi.name}' is called '{kpi.title}', and nobody can measure '{text}'.",
                    "name what is counted or measured: what would a stranger write down?",
                    "label",
                )


def _of_goal(goal: Goal, kpis: Sequence[Kpi], project: Project) -> Iterator[Remark]:
    """A statement with a measure can be judged, whatever words stand around it; the label is read with it."""
    statement = words_of(goal.statement)
    if is_measured(_without_objects(statement)):
        return
    vague = [*_found(statement, HOLLOW | LOOSE), *_found(words_of(goal.label), HOLLOW)]
    if not vague and not _says_of_what(statement, kpis, project):
        vague = list(_found(statement, COMPARED))
    for text in list(dict.fromkeys(vague))[:1]:
        yield Remark(
            "goals",
            goal,
            f"Goal '{goal.name}' says '{text}', and no number says how much.",
            "say what will be different and by how much, so that everybody sees whether it is reached",
            "statement",
        )


def _found(words: Sequence[Word], vague: frozenset[tuple[str, ...]]) -> Iterator[str]:
    """The phrases that occur outside a term of a trade, as they were written."""
    terms = [range(*span) for span in phrases_in(words, TERMS)]
    for start, end in phrases_in(words, vague):
        if not any(start in term or end - 1 in term for term in terms):
            yield " ".join(word.text for word in words[start:end])


def _is_of_a_measure(words: Sequence[Word]) -> bool:
    return any(word.stem in MEASURES for word in words)


def _without_objects(words: Sequence[Word]) -> tuple[Word, ...]:
    """Without the numbers that count what is to be improved: improve five branches says nothing of how much."""
    vague = {end for _, end in phrases_in(words, COMPARED | HOLLOW | LOOSE)}
    return tuple(word for position, word in enumerate(words) if position not in vague or word.unit)


def _says_of_what(statement: Sequence[Word], kpis: Sequence[Kpi], project: Project) -> bool:
    """Whether a KPI with a target measures something the statement names."""
    named = {word.stem for word in statement} - _SAYS_NOTHING
    for kpi in kpis:
        titles = words_of(f"{kpi.title} {project.metrics[kpi.metric].title}")
        if (kpi.target or kpi.benchmark) and named & {word.stem for word in titles}:
            return True
    return False


VAGUE_WORDS = Rule(
    "W",
    "warning",
    "words that cannot be measured",
    _look,
    reason="Effective, optimised, world-class: everybody agrees, because everybody hears something else. Whether such "
    "a goal was reached is settled by who argues best, not by what happened.",
    bad=Example(
        "goals:\n  - {name: service, statement: We offer world-class service}\n"
        "kpis:\n  - {name: answers_a_month, metric: orders, goal: service}"
    ),
    good=Example(
        "goals:\n  - {name: service, statement: Nine callers in ten hear a person within a minute}\n"
        "kpis:\n  - {name: answers_a_month, metric: orders, goal: service}"
    ),
)
