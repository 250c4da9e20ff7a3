"""The words by which columns are recognised, in English and some German; add those of your own language."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text as a set.

    >>> sorted(words("id key"))
    ['id', 'key']
    """
    return frozenset(text.split())


IDENTIFYING = words("id key code number no nr num sku zip plz postcode phone uuid isbn ean")
"""Of digits that are no numbers."""

FLAGS = words("flag is has was can")
"""Before or behind 0 and 1 that mean no and yes."""

SIDE_AMOUNTS = words("tax vat freight fee fees shipping discount rabatt net competitor")
"""Of amounts that come with another one."""

MAIN_AMOUNTS = words("revenue sales turnover amount umsatz betrag total")
"""Of the amount that a table is about."""

PEOPLE = words("customer client user member visitor buyer patient subscriber account guest kunde kunden")
"""Of those who take part."""

MONEY = words("""
    amount amt revenue sales turnover spend spent budget fee fees tax vat freight profit paid payment payments
    refund refunds discount subtotal net gross cost costs expense expenses charge charges commission donation
    donations earnings income salary price worth eur usd gbp chf betrag umsatz erloes kosten preis gewinn summe
    rabatt
""")
"""Of amounts of money."""

EACH = words("""
    price preis rate pct percent percentage ratio share grade score rating average avg mean median index per
    unit each age year month day week hour temperature temp lat lon latitude longitude balance stock level
    income salary height weight width length size version rank position limit standard duration distance speed
    list line latency lineitem durchschnitt quote anteil alter cars children
""")
"""Of numbers that describe one row, so that adding them up means nothing."""

ONE_ROW = words("""
    pct percent percentage rate ratio share unit per each average avg mean median index standard list age
""")
"""Those of them that say so even beside a word for money."""

PIECES = words("quantity qty units pieces pcs items nights hours seats licences licenses anzahl menge stueck naechte")
"""Of how many pieces a row is about."""

A_PIECE = words("price preis")
"""Of what a piece costs."""

COUNTED = words("""
    quantity qty units pieces orders sales calls clicks visits visitors sessions impressions leads signups
    downloads tickets incidents conversions views users customers hours minutes anzahl menge stueck besuche
    bestellungen total value wert count
""")
"""Of numbers that add up."""

ID_ENDINGS = words("id ids key number no nr num code uuid guid sku ref reference isbn ean email plz zip postcode")
"""The last word of a column that identifies something."""

LOOKUPS = words("code key")
"""Those of them that may be short lists."""

PERSONAL = words("""
    email mail phone mobile fax address street strasse surname firstname lastname iban ssn birth birthdate dob
    birthday passport ip caller telefon adresse vorname nachname geburtsdatum
""")
"""Of columns that name or reach a person."""

BAD = words("""
    cost costs expense expenses spend refund refunds refunded return returns returned rejected damaged waste wasted
    faulty overdue churn churned cancel cancelled
    canceled cancellations complaint complaints issue issues incident incidents ticket tickets error errors
    failed failure failures defect defects late delay delays absence absences downtime bounce reopen reopened
    fraud kosten absent
""")
"""Of what should become less."""

GOOD = words("""
    sla won paid converted conversion purchased success successful met completed resolved subscribed revenue
    repeat accepted delivered
""")
"""Of flags that say how well something went."""

HAPPENED = words("""
    order ordered invoice invoiced sold sale sales event created opened purchase purchased transaction booked
    booking started registered signup happened visit session call bestelldatum rechnungsdatum buchungsdatum
""")
"""Of the moment at which a row happened."""

TIMELIKE = words("date day datum tag time timestamp datetime ts week woche month monat period at on")
"""Of times of any kind."""

AFTERWARDS = words("""
    due ship shipped delivery delivered end ended closed resolved updated modified changed expiry expires
    expiration valid hire deleted cancelled last next until loaded ingested exported processed paid
""")
"""Of moments that come later than what happened."""

ABOUT_A_PERSON = words("birth birthday birthdate dob born geburtsdatum geburtstag")
"""Of days in a life."""
