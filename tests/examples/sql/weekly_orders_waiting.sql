WITH weeks AS (SELECT DISTINCT date_trunc('week', day)::DATE AS week FROM orders)
SELECT week AS period_start, coalesce('territory__country=' || country, 'all') AS segment, count(*) AS value
FROM weeks JOIN orders ON day <= week + 6 AND shipped > week + 6
GROUP BY GROUPING SETS ((week), (week, country))
