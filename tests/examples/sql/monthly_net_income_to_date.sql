-- The plan of the months adds up, too.
SELECT period_start, 'all' AS segment, sum(value) OVER fiscal AS value,
       sum(CASE WHEN period_start < '2011-07-01' THEN NULL WHEN fiscal = 2013 THEN 500000
       ELSE 450000 END) OVER fiscal AS target
FROM (SELECT *, year(period_start) + (month(period_start) > 6)::INT AS fiscal FROM statement)
WHERE scenario = 'Actual' AND heading = 'Net Income' AND organization IS NULL
WINDOW fiscal AS (PARTITION BY fiscal ORDER BY period_start)
