SELECT sales.period_start, 'all' AS segment,
       91 * owed.value / sum(sales.value) OVER (ORDER BY sales.period_start ROWS 2 PRECEDING) AS value
FROM statement AS sales JOIN statement AS owed USING (period_start)
WHERE sales.organization IS NULL AND owed.organization IS NULL AND sales.scenario = 'Actual'
  AND sales.heading = 'Net Sales' AND owed.heading = 'Trade Receivables'
