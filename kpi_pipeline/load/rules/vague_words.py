"""W: words that nobody can find true or false, in statements of goals and names of KPIs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.load.rules.language import Word, phrases, phrases_in, stems, words_of
from kpi_pipeline.load.rules.measured import is_measured
from kpi_pipeline.project import Project

HOLLOW = phrases(
    "effective, effectivity, optimise, optimal, optimum, streamline, synergy, synergistic, robust, seamless,"
    "world class, best practice, best in class, best of breed, state of the art, cutting edge, leading edge,"
    "first class, first rate, top notch, high quality, top quality, excellent, excellence, innovative, holistic,"
    "proactive, outstanding service, outstanding quality, outstanding care, outstanding support, outstanding results,"
    "value added, added value, thought leader, thought leadership, game changer, next level, raise awareness,"
    "impactful, move the needle, low hanging fruit, customer centric, customer centricity, user centric,"
    "citizen centric, patient centric, people centric, data driven, future proof, future ready, fit for purpose,"
    "user friendly, world leading, world leader, customer first, people first, digital first, bleeding edge,"
    "gold standard, raise the bar, step change, think outside the box, push the envelope, push the boundary,"
    "paradigm shift, quick win, win win, hassle free, frictionless, unparalleled, unrivalled, unmatched, peerless,"
    "groundbreaking, ground breaking, transformational, transformative, trusted partner, trusted adviser,"
    "trusted advisor, one stop shop, best ever, first choice, solution oriented, results oriented,"
    "customer oriented, service oriented, purpose driven, insight driven, customer obsession, customer delight"
)
"""Words that stay hollow whatever they are said of, in a statement as in the name of a KPI."""
LOOSE = phrases(
    "timely, appropriate, adequate, efficient, efficiency, sustainable, sustainability, meaningful, resilient,"
    "resilience, empower, foster, harness, superior, superb, great, smarter, scalable, agile, agility, modernise,"
    "transform, maximise, minimise, utmost, as soon as possible, where possible, as needed, go the extra mile,"
    "professionalise, revitalise, leverage, build capacity, capacity building, strengthen capacity,"
    "increase capacity, enhance capacity, develop capacity, develop capability, build capability, innovate, innovation,"
    "creativity, of choice, full potential, vibrant, best value, leading provider, leading supplier, leading company,"
    "leading institution, leading employer, leading brand, leading player, market leader, industry leader,"
    "be the leading, become the leading, become a leading, remain the leading, be a leader, become a leader,"
    "become the leader, be the best, become the best, be number one, most trusted,"
    "most admired, most loved, most respected, most attractive,"
    "delight, delightful, wow, amaze, inspire, inspiring, exceed expectation, above and beyond, beyond expectation,"
    "surpass expectation, exceptional, extraordinary, stellar, flawless, premier, memorable, unforgettable,"
    "passion, passionate,"
    "strive, aspire, unlock, unleash, ignite, reimagine, reinvent, rethink, embrace, catalyse, galvanise, synergise,"
    "rationalise, thriving, flourishing, dynamic, inclusive, forward looking, forward thinking, next generation,"
    "disruptive, culture of, mindset, embed, strategic partner, strategic partnership, rock solid, hand in hand,"
    "single source of truth, break down silo, on the map, stay ahead, ahead of the curve, win heart, step up,"
    "make a difference, significant difference, real difference, our value, our mission, our vision, top talent,"
    "best talent, great talent, brightest, for all, fulfilling, engaging, empowering, professional standard,"
    "long term value, shareholder value, create value, right balance, our commitment, good employer"
)
"""Words that say nothing in a statement, but have their uses in names: efficiency is a number of an engine."""
COMPARED = phrases("improve, enhance, better, strengthen, upgrade, boost, elevate")
"""Words that compare with something: they are fine where a number or a KPI of the goal says with what."""
URGED = stems(
    "promote nurture cultivate encourage champion facilitate support accelerate deepen intensify drive advance focus "
    "prioritise stimulate ensure maintain provide deliver develop understand anticipate attract offer "
    "establish continue preserve uphold contribute demonstrate engage invest seek"
)
"""Verbs that promise effort and no end of it, where a statement begins with them; a KPI of the goal may say the end."""
TERMS = phrases(
    "effective tax, effective interest, effective rate, effective date, effective annual, effective dose,"
    "effective temperature, cost effectiveness, equipment effectiveness, vaccine effectiveness, leverage ratio,"
    "operating leverage, financial leverage, debt leverage, net leverage, search engine optimisation,"
    "best practice tariff, energy efficiency, fuel efficiency, improved water, improved sanitation, improved seed,"
    "great britain, sustainable development goal, resilience test, high quality liquid assets, first class mail,"
    "next generation sequencing, exceptional item, exceptional cost, support ticket, support call, support case,"
    "support desk, support request, support contract, support cost, support team, support staff, support question,"
    "drive time, drive unit, advance payment, advance booking, advance notice, focus group,"
    "first class post, first class ticket, first class letter, first class stamp, optimum temperature"
)
"""Terms of a trade that hold such a word and can be measured."""
MEASURES = stems(
    "ratio rate index score share percentage utilisation audit survey factor certificate coefficient tariff"
)
"""Nouns that make a measure of the words before them: an excellence score is a number that somebody counts."""
_OPENING = stems("to we will must shall")
_EACH_ONE = stems("every each no nobody none never always without until only")
"""Words with which a promise can be found broken without a number: a meal for every child."""
_SAYS_NOTHING = stems(
    "a an and all at as across be by for from has have in into is it its more most new no not of on or our out over "
    "per that the their this throughout to we who whole with within every each any full fully team"
)


def _look(project: Project) -> Iterator[Remark]:
    for goal in project.goals.values():
        kpis = project.kpis_of(goal.name)
        vague = vague_in_statement(goal.statement, label=goal.label, measured_by=_measured(kpis, project))
        if vague:
            yield Remark(
                "goals",
                goal,
                f"Goal '{goal.name}' says '{vague}', and no number says how much.",
                "say what will be different and by how much, so that everybody sees whether it is reached",
                "statement",
            )
    for kpi in project.kpis.values():
        if vague := vague_in_name(kpi.title):
            yield Remark(
                "kpis",
                kpi,
                f"KPI '{kpi.name}' is called '{kpi.title}', and nobody can measure '{vague}'.",
                "name what is counted or measured: what would a stranger write down?",
                "label",
            )


def _measured(kpis: Sequence[Kpi], project: Project) -> str:
    """What the KPIs with a target are called, and their metrics."""
    return " ".join(f"{kpi.title} {project.metrics[kpi.metric].title}" for kpi in kpis if kpi.target or kpi.benchmark)


def vague_in_name(name: str) -> str | None:
    """The words of a KPI's name that nobody can measure.

    >>> vague_in_name("Effective meetings"), vague_in_name("Cost-effectiveness ratio")
    ('effective', None)
    """
    words = words_of(name)
    if any(word.stem in MEASURES for word in words):
        return None
    return next(_found(words, HOLLOW), None)


def vague_in_statement(statement: str, *, label: str = "", measured_by: str = "") -> str | None:
    """The words of a statement that nobody can find true or false.

    A statement with a measure can be judged, whatever words stand around it; its label is read with it. What only
    compares is fine where a KPI says with what: `measured_by` names them.

    >>> vague_in_statement("Improve satisfaction"), vague_in_statement("Improve satisfaction from 7.1 to 7.8")
    ('improve', None)
    >>> vague_in_statement("Improve satisfaction", measured_by="Satisfaction of patients") is None
    True
    """
    words = words_of(statement)
    if is_measured(_without_objects(words)):
        return None
    vague = next(_found(words, HOLLOW | LOOSE), None) or next(_found(words_of(label), HOLLOW), None)
    named = {word.stem for word in words} - _SAYS_NOTHING
    if vague or named & {word.stem for word in words_of(measured_by)}:
        return vague
    return next(_found(words, COMPARED), None) or _urged(words)


def _urged(words: Sequence[Word]) -> str | None:
    """The verb with which a statement begins, if all it promises is effort.

    >>> [_urged(words_of(text)) for text in ("Encourage cycling", "Support calls end well", "Offer every child a meal")]
    ['encourage', None, None]
    """
    first = next((at for at, word in enumerate(words) if word.stem not in _OPENING), None)
    if first is None or any(word.stem in _EACH_ONE for word in words):
        return None
    is_noun = words[first].text.endswith(("s", "ed")) or any(start == first for start, _ in phrases_in(words, TERMS))
    return words[first].text if words[first].stem in URGED and not is_noun else None


def _found(words: Sequence[Word], vague: frozenset[tuple[str, ...]]) -> Iterator[str]:
    """The phrases that occur outside a term of a trade, as they were written."""
    terms = [range(*span) for span in phrases_in(words, TERMS)]
    for start, end in phrases_in(words, vague):
        if not any(start in term or end - 1 in term for term in terms):
            yield " ".join(word.text for word in words[start:end])


def _without_objects(words: Sequence[Word]) -> tuple[Word, ...]:
    """Without the numbers that count what is to be improved: improve five branches says nothing of how much."""
    vague = {end for _, end in phrases_in(words, COMPARED | HOLLOW | LOOSE)}
    return tuple(word for position, word in enumerate(words) if position not in vague or word.unit)


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
