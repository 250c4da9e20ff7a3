SELECT date_trunc('quarter', period_start)::DATE AS period_start, 'all' AS segment,
       sum(value) FILTER (heading = 'Net Income') / sum(value) FILTER (heading = 'Net Sales') AS value
FROM statement WHERE scenario = 'Actual' AND organization IS NULL GROUP BY ALL
