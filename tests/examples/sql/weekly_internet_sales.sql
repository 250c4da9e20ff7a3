SELECT date_trunc('week', OrderDate)::DATE AS period_start, 'all' AS segment, sum(SalesAmount) AS value FROM lines
       GROUP BY ALL
