SELECT month AS period_start, coalesce('territory__country=' || country, 'all') AS segment,
       coalesce(sum(SalesAmount) FILTER (PromotionName <> 'No Discount'), 0) / sum(SalesAmount) AS value
FROM lines JOIN promotions USING (PromotionKey) GROUP BY GROUPING SETS ((month), (month, country))
