SELECT date_trunc('quarter', period_start)::DATE AS period_start, 'all' AS segment, sum(research) / sum(value) AS value
FROM statement WHERE scenario = 'Actual' AND organization IS NULL AND heading = 'Operating Expenses' GROUP BY ALL
