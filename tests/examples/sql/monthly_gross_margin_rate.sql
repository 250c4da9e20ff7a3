SELECT sales.period_start, coalesce('organization__organization_name=' || sales.organization, 'all') AS segment,
       margin.value / sales.value AS value
FROM statement AS sales JOIN statement AS margin
  ON margin.period_start = sales.period_start AND margin.organization IS NOT DISTINCT FROM sales.organization
WHERE sales.scenario = 'Actual' AND margin.scenario = 'Actual' AND sales.heading = 'Net Sales'
  AND margin.heading = 'Gross Margin'
