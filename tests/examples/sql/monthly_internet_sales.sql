SELECT month AS period_start,
       CASE WHEN grouping(category) = 0 THEN 'product__subcategory__category__category_name=' || category
            WHEN grouping(country) = 0 THEN 'territory__country=' || country ELSE 'all' END AS segment,
       sum(SalesAmount) AS value
FROM lines GROUP BY GROUPING SETS ((month), (month, category), (month, country))
