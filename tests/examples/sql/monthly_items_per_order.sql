SELECT month AS period_start, coalesce('territory__country=' || country, 'all') AS segment,
       sum(items) / count(*) AS value
FROM orders GROUP BY GROUPING SETS ((month), (month, country))
