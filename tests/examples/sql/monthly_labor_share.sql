SELECT sales.period_start, coalesce('organization__organization_name=' || sales.organization, 'all') AS segment,
       labor.whole / sales.whole AS value
FROM statement AS sales JOIN statement AS labor
  ON labor.period_start = sales.period_start AND labor.organization IS NOT DISTINCT FROM sales.organization
WHERE sales.scenario = 'Actual' AND labor.scenario = 'Actual' AND sales.heading = 'Net Sales'
  AND labor.heading = 'Labor Expenses'
