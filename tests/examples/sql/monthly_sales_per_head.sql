SELECT sales.period_start, 'all' AS segment,
       sum(sales.whole) OVER (ORDER BY sales.period_start ROWS 2 PRECEDING) / heads.units AS value
FROM statement AS sales JOIN statement AS heads USING (period_start)
WHERE sales.organization IS NULL AND heads.organization IS NULL AND sales.scenario = 'Actual'
  AND sales.heading = 'Net Sales' AND heads.heading = 'Headcount'
