SELECT date_trunc('month', day)::DATE AS period_start, 'all' AS segment,
       avg(EXISTS (FROM orders WHERE orders.customer = firsts.customer AND orders.number <> firsts.number
                   AND orders.day < firsts.day + 180)::INT) AS value
FROM firsts GROUP BY ALL
