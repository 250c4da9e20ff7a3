SELECT date_trunc('quarter', day)::DATE AS period_start, 'all' AS segment,
       avg(EXISTS (FROM orders WHERE orders.customer = firsts.customer
                   AND date_diff('quarter', firsts.day, orders.day) BETWEEN 1 AND 4)::INT) AS value
FROM firsts GROUP BY ALL
