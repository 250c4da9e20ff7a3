SELECT month AS period_start, 'all' AS segment, avg(shipped - day) AS value FROM orders GROUP BY ALL
