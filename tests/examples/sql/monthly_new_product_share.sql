WITH introduced AS (SELECT product, min(OrderDate) AS first_day FROM lines GROUP BY product)
SELECT month AS period_start, 'all' AS segment,
       coalesce(sum(SalesAmount) FILTER (first_day > DATE '2011-12-28' AND OrderDate - first_day < 365),
       0) / sum(SalesAmount) AS value
FROM lines JOIN introduced USING (product) GROUP BY ALL
