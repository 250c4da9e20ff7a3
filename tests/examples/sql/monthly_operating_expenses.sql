-- Actual, and as its target the budget as long as there is one; by the headings right below the expenses, too.
SELECT actual.period_start, coalesce('organization__organization_name=' || actual.organization, 'all') AS segment,
       actual.value, round(budget.value, 2) AS target
FROM (FROM statement WHERE scenario = 'Actual' AND heading = 'Operating Expenses') AS actual
LEFT JOIN (FROM statement WHERE scenario = 'Budget' AND heading = 'Operating Expenses') AS budget
  ON actual.period_start = budget.period_start AND actual.organization IS NOT DISTINCT FROM budget.organization
UNION ALL
SELECT period_start, 'heading=' || heading, value, NULL
FROM statement
JOIN accounts AS account ON account.AccountDescription = heading
JOIN accounts AS parent ON parent.AccountKey = account.ParentAccountKey
  AND parent.AccountDescription = 'Operating Expenses'
WHERE scenario = 'Actual' AND organization IS NULL
