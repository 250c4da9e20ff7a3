WITH months AS (SELECT DISTINCT month, country FROM orders UNION ALL SELECT DISTINCT month, NULL FROM orders)
SELECT months.month AS period_start, coalesce('territory__country=' || months.country, 'all') AS segment,
       count(DISTINCT customer) AS value
FROM months JOIN orders ON orders.day BETWEEN last_day(months.month) - 89 AND last_day(months.month)
  AND (months.country IS NULL OR months.country = orders.country)
GROUP BY ALL
