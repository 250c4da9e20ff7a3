SELECT month AS period_start, coalesce('product__subcategory__category__category_name=' || category, 'all') AS segment,
       sum(SalesAmount - TotalProductCost) / sum(SalesAmount) AS value
FROM lines GROUP BY GROUPING SETS ((month), (month, category))
