-- Actual, and as its target the budget as long as there is one.
SELECT actual.period_start, coalesce('organization__organization_name=' || actual.organization, 'all') AS segment,
       actual.value, round(budget.value, 2) AS target
FROM (FROM statement WHERE scenario = 'Actual' AND heading = 'Net Sales') AS actual
LEFT JOIN (FROM statement WHERE scenario = 'Budget' AND heading = 'Net Sales') AS budget
  ON actual.period_start = budget.period_start AND actual.organization IS NOT DISTINCT FROM budget.organization
