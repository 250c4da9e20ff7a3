SELECT month AS period_start, coalesce('territory__country=' || country, 'all') AS segment,
       avg((number NOT IN (SELECT number FROM firsts))::INT) AS value
FROM orders GROUP BY GROUPING SETS ((month), (month, country))
