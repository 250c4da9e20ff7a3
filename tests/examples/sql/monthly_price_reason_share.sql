SELECT month AS period_start, 'all' AS segment,
       count(DISTINCT number) FILTER (SalesReasonName = 'Price') / count(DISTINCT number) AS value
FROM sales_reasons JOIN orders ON number = SalesOrderNumber GROUP BY ALL
