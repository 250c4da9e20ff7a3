-- Thirty percent more than the fiscal year before.
WITH years AS (
  SELECT fiscal, country, sum(SalesAmount) AS value
  FROM (SELECT *, year(OrderDate) + (month(OrderDate) > 6)::INT AS fiscal FROM lines) GROUP BY GROUPING SETS ((fiscal),
    (fiscal, country))
)
SELECT make_date(fiscal - 1, 7, 1) AS period_start, coalesce('territory__country=' || country, 'all') AS segment, value,
       CASE WHEN country IS NULL THEN 1.3 * lag(value) OVER (PARTITION BY country ORDER BY fiscal) END AS target
FROM years
